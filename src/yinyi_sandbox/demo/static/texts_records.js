// The hospital's side: the registration office, and what the platform tells it.

export const ZH = {
  "his.records": "登记处",
  "his.register": "新建患者",
  "his.phone": "改电话",
  "his.into": "并入就诊号",
  "his.merge": "合并",
  "his.part": "撤销合并",
  "his.heard": "平台告诉的",
  "his.move": "换个时间",
  "his.delete": "误录删除",
  "his.missed": "未到诊",
};

export const EN = {
  "his.records": "Registration office",
  "his.register": "New patient",
  "his.phone": "Change phone",
  "his.into": "Merge into",
  "his.merge": "Merge",
  "his.part": "Undo a merge",
  "his.heard": "Told by the platform",
  "his.move": "Another time",
  "his.delete": "Entered by mistake",
  "his.missed": "Nobody came",
};
