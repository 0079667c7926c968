"""What the hospital charges for, besides tests and examinations, which bring their own prices.

One line an item: code, name, English name, unit, price in fen. Nobody's price list; the height of the prices is usual.
"""

CATEGORIES = (
    ("W", "西药费", "Western medicines", "门诊楼1层西药房", "Pharmacy, ground floor"),
    ("C", "中成药费", "Chinese patent medicines", "门诊楼1层中药房", "Chinese pharmacy, ground floor"),
    ("L", "检验费", "Laboratory", "门诊楼2层采血处", "Blood collection, 2nd floor"),
    ("I", "检查费", "Imaging and examinations", "医技楼1层登记台", "Examination desk, technical building"),
    ("T", "治疗费", "Treatment", "门诊楼3层治疗室", "Treatment room, 3rd floor"),
    ("O", "手术费", "Operations", "门诊楼5层门诊手术室", "Outpatient theatre, 5th floor"),
    ("M", "材料费", "Materials", "门诊楼3层治疗室", "Treatment room, 3rd floor"),
    ("D", "诊查费", "Consultation", "", ""),
    ("N", "护理费", "Nursing", "", ""),
    ("B", "床位费", "Bed", "", ""),
)
"""Code, name, English name, where to go with a paid item of it, the same in English."""

_MEDICINES = """
W0101|阿莫西林胶囊 0.25g×24粒|Amoxicillin capsules 0.25 g × 24|盒|860
W0102|头孢呋辛酯片 0.25g×12片|Cefuroxime axetil tablets 0.25 g × 12|盒|1545
W0103|头孢克肟胶囊 0.1g×6粒|Cefixime capsules 0.1 g × 6|盒|1180
W0104|阿奇霉素片 0.25g×6片|Azithromycin tablets 0.25 g × 6|盒|1290
W0105|左氧氟沙星片 0.5g×4片|Levofloxacin tablets 0.5 g × 4|盒|980
W0106|甲硝唑片 0.2g×100片|Metronidazole tablets 0.2 g × 100|瓶|620
W0107|注射用头孢曲松钠 1.0g|Ceftriaxone for injection 1 g|支|455
W0108|奥司他韦胶囊 75mg×10粒|Oseltamivir capsules 75 mg × 10|盒|4960
W0109|氟康唑胶囊 50mg×6粒|Fluconazole capsules 50 mg × 6|盒|730
W0110|恩替卡韦分散片 0.5mg×28片|Entecavir dispersible tablets 0.5 mg × 28|盒|1736
W0201|阿托伐他汀钙片 20mg×7片|Atorvastatin tablets 20 mg × 7|盒|644
W0202|瑞舒伐他汀钙片 10mg×28片|Rosuvastatin tablets 10 mg × 28|盒|840
W0203|阿司匹林肠溶片 100mg×30片|Aspirin enteric tablets 100 mg × 30|盒|1398
W0204|氯吡格雷片 75mg×7片|Clopidogrel tablets 75 mg × 7|盒|1722
W0205|苯磺酸氨氯地平片 5mg×28片|Amlodipine tablets 5 mg × 28|盒|336
W0206|缬沙坦胶囊 80mg×28粒|Valsartan capsules 80 mg × 28|盒|728
W0207|琥珀酸美托洛尔缓释片 47.5mg×7片|Metoprolol succinate ER tablets 47.5 mg × 7|盒|1204
W0208|单硝酸异山梨酯缓释片 40mg×24片|Isosorbide mononitrate ER tablets 40 mg × 24|盒|2208
W0209|呋塞米片 20mg×100片|Furosemide tablets 20 mg × 100|瓶|890
W0210|螺内酯片 20mg×100片|Spironolactone tablets 20 mg × 100|瓶|1240
W0301|二甲双胍片 0.5g×60片|Metformin tablets 0.5 g × 60|盒|1020
W0302|格列美脲片 2mg×30片|Glimepiride tablets 2 mg × 30|盒|390
W0303|阿卡波糖片 50mg×30片|Acarbose tablets 50 mg × 30|盒|540
W0304|达格列净片 10mg×14片|Dapagliflozin tablets 10 mg × 14|盒|6118
W0305|甘精胰岛素注射液 300单位|Insulin glargine injection 300 units|支|7798
W0306|门冬胰岛素注射液 300单位|Insulin aspart injection 300 units|支|2877
W0307|左甲状腺素钠片 50μg×100片|Levothyroxine tablets 50 µg × 100|盒|2890
W0308|甲巯咪唑片 10mg×50片|Thiamazole tablets 10 mg × 50|盒|2430
W0309|碳酸钙D3片 600mg×60片|Calcium carbonate and vitamin D3 tablets × 60|瓶|5680
W0401|奥美拉唑肠溶胶囊 20mg×28粒|Omeprazole enteric capsules 20 mg × 28|盒|812
W0402|雷贝拉唑钠肠溶片 10mg×14片|Rabeprazole enteric tablets 10 mg × 14|盒|1526
W0403|枸橼酸铋钾胶囊 0.3g×40粒|Bismuth potassium citrate capsules 0.3 g × 40|盒|2360
W0404|莫沙必利片 5mg×24片|Mosapride tablets 5 mg × 24|盒|1870
W0405|蒙脱石散 3g×10袋|Montmorillonite powder 3 g × 10|盒|1120
W0406|双歧杆菌三联活菌胶囊 0.21g×36粒|Live Bifidobacterium capsules 0.21 g × 36|盒|3860
W0407|乳果糖口服溶液 100ml|Lactulose oral solution 100 ml|瓶|2980
W0501|沙丁胺醇气雾剂 100μg×200揿|Salbutamol aerosol 100 µg × 200|支|2150
W0502|布地奈德混悬液 1mg×5支|Budesonide suspension 1 mg × 5|盒|3720
W0503|孟鲁司特钠咀嚼片 5mg×6片|Montelukast chewable tablets 5 mg × 6|盒|1938
W0504|氨溴索口服溶液 100ml|Ambroxol oral solution 100 ml|瓶|1460
W0505|右美沙芬缓释混悬液 100ml|Dextromethorphan ER suspension 100 ml|瓶|2640
W0506|氯雷他定片 10mg×6片|Loratadine tablets 10 mg × 6|盒|780
W0507|对乙酰氨基酚混悬滴剂 15ml|Paracetamol drops 15 ml|瓶|1350
W0508|布洛芬混悬液 100ml|Ibuprofen suspension 100 ml|瓶|1790
W0509|布洛芬缓释胶囊 0.3g×20粒|Ibuprofen ER capsules 0.3 g × 20|盒|1640
W0601|塞来昔布胶囊 0.2g×6粒|Celecoxib capsules 0.2 g × 6|盒|774
W0602|双氯芬酸钠缓释片 75mg×10片|Diclofenac ER tablets 75 mg × 10|盒|1490
W0603|别嘌醇片 0.1g×100片|Allopurinol tablets 0.1 g × 100|瓶|2680
W0604|非布司他片 40mg×14片|Febuxostat tablets 40 mg × 14|盒|1064
W0605|甲氨蝶呤片 2.5mg×16片|Methotrexate tablets 2.5 mg × 16|盒|2950
W0701|糠酸莫米松乳膏 10g|Mometasone cream 10 g|支|1680
W0702|曲安奈德益康唑乳膏 15g|Triamcinolone and econazole cream 15 g|支|1720
W0703|阿达帕林凝胶 15g|Adapalene gel 15 g|支|2890
W0704|玻璃酸钠滴眼液 5ml|Sodium hyaluronate eye drops 5 ml|支|3260
W0705|左氧氟沙星滴眼液 5ml|Levofloxacin eye drops 5 ml|支|890
W0706|氧氟沙星滴耳液 5ml|Ofloxacin ear drops 5 ml|支|640
W0707|糠酸氟替卡松鼻喷雾剂 120喷|Fluticasone furoate nasal spray 120 puffs|支|6950
W0801|舍曲林片 50mg×14片|Sertraline tablets 50 mg × 14|盒|1358
W0802|艾司唑仑片 1mg×20片|Estazolam tablets 1 mg × 20|盒|340
W0803|加巴喷丁胶囊 0.3g×24粒|Gabapentin capsules 0.3 g × 24|盒|2930
W0804|甲钴胺片 0.5mg×20片|Mecobalamin tablets 0.5 mg × 20|盒|560
W0805|多奈哌齐片 5mg×7片|Donepezil tablets 5 mg × 7|盒|1190
W0901|叶酸片 0.4mg×31片|Folic acid tablets 0.4 mg × 31|瓶|1860
W0902|琥珀酸亚铁片 0.1g×24片|Ferrous succinate tablets 0.1 g × 24|盒|2380
W0903|黄体酮胶囊 0.1g×12粒|Progesterone capsules 0.1 g × 12|盒|3460
W0904|0.9%氯化钠注射液 100ml|Sodium chloride 0.9 % injection 100 ml|袋|310
W0905|0.9%氯化钠注射液 250ml|Sodium chloride 0.9 % injection 250 ml|袋|345
W0906|5%葡萄糖注射液 250ml|Glucose 5 % injection 250 ml|袋|360
W0907|维生素C注射液 0.5g|Vitamin C injection 0.5 g|支|125
W0908|氯化钾注射液 10ml|Potassium chloride injection 10 ml|支|98
W0909|地塞米松注射液 5mg|Dexamethasone injection 5 mg|支|86
W0910|低分子肝素钠注射液 4000单位|Low-molecular heparin injection 4,000 units|支|1685
C0101|连花清瘟胶囊 0.35g×36粒|Lianhua Qingwen capsules 0.35 g × 36|盒|1980
C0102|板蓝根颗粒 10g×20袋|Isatis root granules 10 g × 20|盒|1450
C0103|小儿豉翘清热颗粒 2g×9袋|Chiqiao children's granules 2 g × 9|盒|3970
C0104|急支糖浆 200ml|Jizhi syrup 200 ml|瓶|2260
C0105|复方丹参滴丸 27mg×180丸|Compound Danshen pills 27 mg × 180|瓶|2780
C0106|银杏叶片 19.2mg×24片|Ginkgo leaf tablets 19.2 mg × 24|盒|2150
C0107|稳心颗粒 9g×9袋|Wenxin granules 9 g × 9|盒|2490
C0108|六味地黄丸 200丸|Liuwei Dihuang pills × 200|瓶|1620
C0109|香砂养胃丸 200丸|Xiangsha Yangwei pills × 200|瓶|1180
C0110|桂枝茯苓胶囊 0.31g×60粒|Guizhi Fuling capsules 0.31 g × 60|盒|3640
C0111|云南白药膏 6.5cm×10cm×8片|Yunnan Baiyao plasters × 8|盒|3560
C0112|马应龙麝香痔疮膏 10g|Musk haemorrhoid ointment 10 g|支|1190
"""

_SERVICES = """
T0101|静脉输液|Intravenous infusion|组|1200
T0102|肌肉注射|Intramuscular injection|次|350
T0103|皮下注射|Subcutaneous injection|次|350
T0104|皮试|Skin test|次|500
T0105|雾化吸入|Nebuliser inhalation|次|900
T0106|氧气吸入|Oxygen inhalation|小时|300
T0107|小换药|Dressing change, small|次|1500
T0108|大换药|Dressing change, large|次|4200
T0109|清创缝合（小）|Wound cleaning and suture, small|次|9800
T0110|石膏固定（中）|Plaster cast, medium|次|12600
T0111|关节腔穿刺注射|Joint injection|次|6800
T0112|普通针刺|Acupuncture|次|2600
T0113|电针|Electroacupuncture|次|3200
T0114|推拿治疗（颈椎）|Massage, cervical spine|次|5800
T0115|拔罐|Cupping|次|1800
T0116|中频脉冲电治疗|Medium-frequency electrotherapy|部位|1900
T0117|红外线治疗|Infrared therapy|部位|1100
T0118|偏瘫肢体综合训练|Training after hemiplegia|次|4800
T0119|洁牙（全口）|Scaling, full mouth|次|18000
T0120|复合树脂充填|Composite filling|牙|21000
T0121|根管治疗（单根）|Root canal treatment, one root|牙|32000
T0122|龋齿窝沟封闭|Fissure sealing|牙|6500
T0123|耵聍取出|Removal of ear wax|侧|2800
T0124|鼻腔冲洗|Nasal irrigation|次|2200
T0125|液氮冷冻治疗|Cryotherapy|皮损|3600
T0126|窄谱紫外线治疗|Narrow-band UV therapy|部位|4600
T0127|心理治疗（45分钟）|Psychotherapy, 45 min|次|24000
T0128|血液透析|Haemodialysis|次|40000
O0101|体表肿物切除术|Excision of a skin lesion|次|28600
O0102|甲沟炎切开引流术|Drainage of paronychia|次|9600
O0103|阻生牙拔除术|Extraction of an impacted tooth|牙|36800
O0104|混合痔外剥内扎术|Haemorrhoidectomy|次|98000
O0105|乳腺肿物微创旋切术|Vacuum-assisted breast biopsy|次|168000
M0101|一次性输液器（带针）|Infusion set with needle|套|260
M0102|一次性静脉留置针|Indwelling cannula|支|2450
M0103|一次性注射器 5ml|Syringe 5 ml|支|85
M0104|真空采血管|Vacuum blood tube|支|120
M0105|透明敷贴|Transparent dressing|片|680
M0106|医用纱布块|Gauze pads|包|320
M0107|高分子绷带|Fibreglass bandage|卷|6800
M0108|可吸收缝线|Absorbable suture|包|4600
M0109|雾化面罩|Nebuliser mask|个|1580
M0110|一次性导尿包|Catheter set|套|3200
M0111|颈托|Cervical collar|个|12800
M0112|胰岛素针头 4mm|Pen needle 4 mm|支|150
D0101|住院诊查费|Inpatient consultation|日|1500
D0102|院内会诊|Consultation of another department|次|6000
N0101|Ⅰ级护理|Nursing, level I|日|4200
N0102|Ⅱ级护理|Nursing, level II|日|2600
N0103|Ⅲ级护理|Nursing, level III|日|1400
N0104|新生儿护理|Newborn care|日|4800
N0105|口腔护理|Oral care|次|800
B0101|三人间床位费|Bed, room of three|日|3800
B0102|双人间床位费|Bed, room of two|日|6000
B0103|单人间床位费|Bed, single room|日|18000
B0104|重症监护床位费|Bed, intensive care|日|24000
"""


def charge_items() -> list[tuple[str, str, str, str, str, int]]:
    """Code, category's code, name, English name, unit, price in fen."""
    lines = [line.split("|") for line in (_MEDICINES + _SERVICES).split("\n") if line]
    return [(code, code[0], name, name_en, unit, int(fen)) for code, name, name_en, unit, fen in lines]
