"""The departments of the sandbox hospital: two levels, where they are, how often they are asked for."""

import msgspec


class Clinic(msgspec.Struct, frozen=True):
    """A department that is registered with.

    floor: 1–9, area: a letter; together they name the rooms. common_rank: 1 is asked for most, 0 seldom.
    doctors: how many work there. diseases: what they say they are good at.
    """

    code: str
    name: str
    name_en: str
    initial: str
    floor: int
    area: str
    common_rank: int
    doctors: int
    diseases: str


class Division(msgspec.Struct, frozen=True):
    """A first-level department: a heading."""

    code: str
    name: str
    name_en: str
    initial: str
    building: str
    clinics: tuple[Clinic, ...]


OUTPATIENT = "门诊楼"
EMERGENCY = "急诊楼"
BUILDINGS_EN = {OUTPATIENT: "Outpatient Building", EMERGENCY: "Emergency Building"}

DIVISIONS = (
    Division("01", "内科", "Internal Medicine", "N", OUTPATIENT, (
        Clinic("0101", "普通内科", "General Medicine", "P", 1, "A", 1, 8, "发热、咳嗽、腹痛、常见病、多发病"),
        Clinic("0102", "心血管内科", "Cardiology", "X", 2, "A", 2, 10, "冠心病、高血压、心力衰竭、心律失常"),
        Clinic("0103", "呼吸内科", "Respiratory Medicine", "H", 2, "B", 5, 8, "慢阻肺、哮喘、肺部感染、肺结节"),
        Clinic("0104", "消化内科", "Gastroenterology", "X", 2, "C", 6, 8, "胃炎、消化性溃疡、肝病、炎症性肠病"),
        Clinic("0105", "神经内科", "Neurology", "S", 3, "A", 9, 8, "脑血管病、头痛、眩晕、帕金森病"),
        Clinic("0106", "内分泌科", "Endocrinology", "N", 3, "B", 10, 7, "糖尿病、甲状腺疾病、骨质疏松"),
        Clinic("0107", "肾内科", "Nephrology", "S", 3, "C", 0, 6, "肾炎、慢性肾脏病、血液透析"),
        Clinic("0108", "血液内科", "Hematology", "X", 3, "D", 0, 5, "贫血、白血病、淋巴瘤"),
        Clinic("0109", "风湿免疫科", "Rheumatology and Immunology", "F", 3, "E", 0, 5, "类风湿关节炎、红斑狼疮、痛风"),
        Clinic("0110", "老年医学科", "Geriatrics", "L", 1, "B", 0, 5, "老年综合评估、多病共存、跌倒与失眠"),
    )),
    Division("02", "外科", "Surgery", "W", OUTPATIENT, (
        Clinic("0201", "普通外科", "General Surgery", "P", 4, "A", 11, 7, "甲状腺结节、胆囊结石、疝、阑尾炎"),
        Clinic("0202", "骨科", "Orthopedics", "G", 4, "B", 3, 10, "骨折、关节炎、颈肩腰腿痛、运动损伤"),
        Clinic("0203", "泌尿外科", "Urology", "M", 4, "C", 0, 6, "泌尿系结石、前列腺增生、肿瘤"),
        Clinic("0204", "神经外科", "Neurosurgery", "S", 4, "D", 0, 5, "脑肿瘤、脑外伤、三叉神经痛"),
        Clinic("0205", "胸外科", "Thoracic Surgery", "X", 4, "E", 0, 5, "肺结节、食管疾病、胸部外伤"),
        Clinic("0206", "心脏大血管外科", "Cardiovascular Surgery", "X", 4, "F", 0, 4, "冠脉搭桥、瓣膜病、主动脉疾病"),
        Clinic("0207", "肛肠外科", "Proctology", "G", 4, "G", 0, 4, "痔、肛瘘、肛裂、便秘"),
        Clinic("0208", "乳腺外科", "Breast Surgery", "R", 4, "H", 0, 5, "乳腺结节、乳腺炎、乳腺癌"),
        Clinic("0209", "烧伤整形科", "Burns and Plastic Surgery", "S", 4, "J", 0, 4, "烧烫伤、瘢痕、体表肿物"),
    )),
    Division("03", "妇产科", "Obstetrics and Gynecology", "F", OUTPATIENT, (
        Clinic("0301", "妇科", "Gynecology", "F", 5, "A", 7, 8, "月经失调、妇科炎症、子宫肌瘤"),
        Clinic("0302", "产科", "Obstetrics", "C", 5, "B", 12, 8, "产前检查、高危妊娠、产后康复"),
        Clinic("0303", "生殖医学科", "Reproductive Medicine", "S", 5, "C", 0, 4, "不孕不育、多囊卵巢综合征"),
    )),
    Division("04", "儿科", "Pediatrics", "E", OUTPATIENT, (
        Clinic("0401", "普通儿科", "General Pediatrics", "P", 1, "C", 4, 9, "小儿发热、咳嗽、腹泻"),
        Clinic("0402", "小儿外科", "Pediatric Surgery", "X", 1, "D", 0, 4, "小儿疝气、阑尾炎、外伤"),
        Clinic("0403", "儿童保健科", "Child Health Care", "E", 1, "E", 0, 4, "生长发育、营养与喂养指导"),
    )),
    Division("05", "五官科", "Eye, Ear, Nose, Throat and Mouth", "W", OUTPATIENT, (
        Clinic("0501", "眼科", "Ophthalmology", "Y", 6, "A", 8, 8, "白内障、青光眼、近视、眼底病"),
        Clinic("0502", "耳鼻喉科", "Otolaryngology", "E", 6, "B", 13, 7, "中耳炎、鼻炎、咽喉炎、听力下降"),
        Clinic("0503", "口腔科", "Stomatology", "K", 6, "C", 14, 8, "龋齿、牙周病、智齿、牙列缺损"),
    )),
    Division("06", "皮肤与感染", "Skin and Infectious Diseases", "P", OUTPATIENT, (
        Clinic("0601", "皮肤科", "Dermatology", "P", 7, "A", 15, 7, "湿疹、荨麻疹、痤疮、带状疱疹"),
        Clinic("0602", "感染科", "Infectious Diseases", "G", 7, "B", 0, 4, "病毒性肝炎、不明原因发热"),
    )),
    Division("07", "中医科", "Traditional Chinese Medicine", "Z", OUTPATIENT, (
        Clinic("0701", "中医内科", "TCM Internal Medicine", "Z", 7, "C", 16, 6, "脾胃调理、失眠、慢性咳嗽"),
        Clinic("0702", "针灸推拿科", "Acupuncture and Massage", "Z", 7, "D", 0, 5, "颈椎病、腰椎间盘突出、面瘫"),
    )),
    Division("08", "肿瘤与康复", "Oncology and Rehabilitation", "Z", OUTPATIENT, (
        Clinic("0801", "肿瘤科", "Oncology", "Z", 8, "A", 0, 6, "肺癌、胃肠道肿瘤、肿瘤综合治疗"),
        Clinic("0802", "疼痛科", "Pain Medicine", "T", 8, "B", 0, 4, "带状疱疹后神经痛、慢性腰腿痛"),
        Clinic("0803", "康复医学科", "Rehabilitation Medicine", "K", 8, "C", 0, 5, "脑卒中后康复、骨折术后康复"),
    )),
    Division("09", "心理与咨询", "Mental Health and Advice", "X", OUTPATIENT, (
        Clinic("0901", "临床心理科", "Clinical Psychology", "L", 8, "D", 0, 5, "焦虑、抑郁、睡眠障碍"),
        Clinic("0902", "用药咨询门诊", "Medication Advice", "Y", 1, "F", 0, 2, "合理用药、药物相互作用、用药安全"),
    )),
    Division("10", "急诊", "Emergency", "J", EMERGENCY, (
        Clinic("1001", "急诊内科", "Emergency Medicine", "J", 1, "M", 17, 4, "胸痛、急腹症、中毒、休克"),
        Clinic("1002", "急诊外科", "Emergency Surgery", "J", 1, "N", 0, 4, "创伤、切割伤、骨折急救"),
        Clinic("1003", "儿科急诊", "Pediatric Emergency", "E", 1, "P", 0, 4, "小儿高热、惊厥、急性腹泻"),
    )),
)  # fmt: skip
