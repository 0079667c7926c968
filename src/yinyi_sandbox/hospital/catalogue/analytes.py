"""What the laboratory measures: units in UCUM, LOINC where it is certain, and reference ranges by age and sex.

One line an analyte: code, name, English name, unit, LOINC, decimals, ranges. A range is ``low-high``, either side may
be missing; ``M18-:`` before it means men from 18 on, ``F`` women, ``A`` anybody, ``A0-6:`` from 0 to below 6 years.
``=`` begins a list of words instead: the first is the expected one, the others are findings.
"""

import re

import msgspec

_MEASURED = """
WBC|白细胞计数|White blood cells|10*9/L|6690-2|2|A0-2:5.1-14.1 A2-14:4.4-11.9 A14-:3.5-9.5
RBC|红细胞计数|Red blood cells|10*12/L|789-8|2|A0-14:4.0-5.5 M14-:4.3-5.8 F14-:3.8-5.1
HGB|血红蛋白|Haemoglobin|g/L|718-7|0|A0-2:97-141 A2-14:115-150 M14-:130-175 F14-:115-150
HCT|红细胞压积|Haematocrit|%|4544-3|1|A0-14:35-45 M14-:40-50 F14-:35-45
MCV|平均红细胞体积|Mean corpuscular volume|fL|787-2|1|A0-14:76-91 A14-:82-100
MCH|平均血红蛋白量|Mean corpuscular haemoglobin|pg|785-6|1|27-34
MCHC|平均血红蛋白浓度|Mean corpuscular haemoglobin concentration|g/L|786-4|0|316-354
RDW|红细胞分布宽度|Red cell distribution width|%|788-0|1|11.5-14.5
PLT|血小板计数|Platelets|10*9/L|777-3|0|A0-14:167-453 A14-:125-350
MPV|平均血小板体积|Mean platelet volume|fL|32623-1|1|7.4-12.5
NEUT%|中性粒细胞百分比|Neutrophils|%|770-8|1|A0-6:13-55 A6-14:31-70 A14-:40-75
LYMPH%|淋巴细胞百分比|Lymphocytes|%|736-9|1|A0-6:33-77 A6-14:23-59 A14-:20-50
MONO%|单核细胞百分比|Monocytes|%|5905-5|1|3-10
EO%|嗜酸性粒细胞百分比|Eosinophils|%|713-8|1|0.4-8.0
BASO%|嗜碱性粒细胞百分比|Basophils|%|706-2|1|0-1
NEUT#|中性粒细胞绝对值|Neutrophils, absolute|10*9/L|751-8|2|A0-14:0.8-7.8 A14-:1.8-6.3
LYMPH#|淋巴细胞绝对值|Lymphocytes, absolute|10*9/L|731-0|2|A0-14:1.5-8.7 A14-:1.1-3.2
MONO#|单核细胞绝对值|Monocytes, absolute|10*9/L|742-7|2|0.1-0.6
ESR|红细胞沉降率|Erythrocyte sedimentation rate|mm/h|30341-2|0|M0-50:-15 M50-:-20 F0-50:-20 F50-:-30
RET%|网织红细胞百分比|Reticulocytes|%||2|0.5-1.5
ALT|丙氨酸氨基转移酶|Alanine aminotransferase|U/L|1742-6|0|A0-18:7-30 M18-:9-50 F18-:7-40
AST|天门冬氨酸氨基转移酶|Aspartate aminotransferase|U/L|1920-8|0|A0-18:14-44 M18-:15-40 F18-:13-35
ALP|碱性磷酸酶|Alkaline phosphatase|U/L|6768-6|0|A0-14:143-406 M14-:45-125 F14-50:35-100 F50-:50-135
GGT|γ-谷氨酰转移酶|Gamma-glutamyl transferase|U/L|2324-2|0|A0-18:5-19 M18-:10-60 F18-:7-45
TP|总蛋白|Total protein|g/L|2885-2|1|A0-18:58-80 A18-:65-85
ALB|白蛋白|Albumin|g/L|1751-7|1|A0-18:39-54 A18-:40-55
GLB|球蛋白|Globulin|g/L|10834-0|1|20-40
A/G|白球比例|Albumin/globulin ratio|1|1759-0|2|1.2-2.4
TBIL|总胆红素|Bilirubin, total|umol/L|14631-6|1|3.4-23.0
DBIL|直接胆红素|Bilirubin, direct|umol/L|14629-0|1|-8.0
IBIL|间接胆红素|Bilirubin, indirect|umol/L||1|1.7-20.0
TBA|总胆汁酸|Bile acids|umol/L||1|-10
CHE|胆碱酯酶|Cholinesterase|U/L||0|5000-12000
UREA|尿素|Urea|mmol/L|22664-7|2|A0-18:2.5-6.5 A18-60:3.1-8.0 A60-:3.6-9.5
CREA|肌酐|Creatinine|umol/L|14682-9|0|A0-6:15-45 A6-18:25-80 M18-60:57-97 M60-:57-111 F18-60:41-73 F60-:41-81
UA|尿酸|Urate|umol/L|14933-6|0|A0-18:120-420 M18-:208-428 F18-:155-357
CYSC|胱抑素C|Cystatin C|mg/L|33863-2|2|0.59-1.03
B2M|β2-微球蛋白|Beta-2 microglobulin|mg/L||2|1.0-2.3
CO2CP|二氧化碳结合力|Bicarbonate|mmol/L||1|22-29
GLU|葡萄糖（空腹）|Glucose, fasting|mmol/L|14749-6|2|3.9-6.1
GLU2H|葡萄糖（餐后2小时）|Glucose, 2 h after a meal|mmol/L||2|3.9-7.8
HBA1C|糖化血红蛋白|Haemoglobin A1c|%|4548-4|1|4.0-6.0
INS|胰岛素（空腹）|Insulin, fasting|m[IU]/L||1|2.6-24.9
CP|C肽|C-peptide|ng/mL||2|1.1-4.4
TC|总胆固醇|Cholesterol|mmol/L|14647-2|2|-5.18
TG|甘油三酯|Triglycerides|mmol/L|14927-8|2|-1.70
HDL|高密度脂蛋白胆固醇|HDL cholesterol|mmol/L|14646-4|2|1.04-
LDL|低密度脂蛋白胆固醇|LDL cholesterol|mmol/L|22748-8|2|-3.37
APOA1|载脂蛋白A1|Apolipoprotein A1|g/L||2|1.0-1.6
APOB|载脂蛋白B|Apolipoprotein B|g/L||2|0.6-1.1
LPA|脂蛋白(a)|Lipoprotein (a)|mg/L||0|-300
K|钾|Potassium|mmol/L|2823-3|2|3.5-5.3
NA|钠|Sodium|mmol/L|2951-2|1|137-147
CL|氯|Chloride|mmol/L|2075-0|1|99-110
CA|钙|Calcium|mmol/L|2000-8|2|A0-18:2.1-2.8 A18-:2.11-2.52
MG|镁|Magnesium|mmol/L|2601-3|2|0.75-1.02
PHOS|无机磷|Phosphate|mmol/L|14879-1|2|A0-14:1.29-1.94 A14-:0.85-1.51
PT|凝血酶原时间|Prothrombin time|s|5902-2|1|9.4-12.5
INR|国际标准化比值|International normalised ratio|1|6301-6|2|0.8-1.2
APTT|活化部分凝血活酶时间|Activated partial thromboplastin time|s|14979-9|1|25.1-36.5
FIB|纤维蛋白原|Fibrinogen|g/L|3255-7|2|2.0-4.0
TT|凝血酶时间|Thrombin time|s|3243-3|1|10.3-16.6
DD|D-二聚体|D-dimer (FEU)|mg/L|48065-7|2|-0.50
TSH|促甲状腺激素|Thyrotropin|m[IU]/L|3016-3|3|A0-14:0.7-6.0 A14-:0.27-4.2
FT3|游离三碘甲状腺原氨酸|Free triiodothyronine|pmol/L|14928-6|2|3.1-6.8
FT4|游离甲状腺素|Free thyroxine|pmol/L|14920-3|2|12-22
TT3|三碘甲状腺原氨酸|Triiodothyronine|nmol/L||2|1.3-3.1
TT4|甲状腺素|Thyroxine|nmol/L||1|66-181
TPOAB|甲状腺过氧化物酶抗体|Thyroid peroxidase antibody|k[IU]/L||1|-34
TGAB|甲状腺球蛋白抗体|Thyroglobulin antibody|k[IU]/L||1|-115
PTH|甲状旁腺激素|Parathyroid hormone|pg/mL||1|15-65
CK|肌酸激酶|Creatine kinase|U/L|2157-6|0|M0-:50-310 F0-:40-200
CKMB|肌酸激酶同工酶质量|Creatine kinase MB, mass|ng/mL|13969-1|2|-4.87
MYO|肌红蛋白|Myoglobin|ng/mL||1|M0-:28-72 F0-:25-58
CTNI|肌钙蛋白I|Troponin I|ng/mL|10839-9|3|-0.040
LDH|乳酸脱氢酶|Lactate dehydrogenase|U/L|2532-0|0|120-250
NTBNP|N末端脑钠肽前体|NT-proBNP|pg/mL|33762-6|0|A0-50:-125 A50-75:-300 A75-:-450
CRP|C反应蛋白|C-reactive protein|mg/L|1988-5|1|-8.0
PCT|降钙素原|Procalcitonin|ng/mL|33959-8|2|-0.05
IL6|白介素6|Interleukin 6|pg/mL||1|-7.0
AFP|甲胎蛋白|Alpha fetoprotein|ng/mL|1834-1|2|-7.0
CEA|癌胚抗原|Carcinoembryonic antigen|ng/mL|2039-6|2|-5.0
CA199|糖类抗原19-9|CA 19-9|U/mL|24108-3|1|-27
CA125|糖类抗原125|CA 125|U/mL|10334-1|1|-35
CA153|糖类抗原15-3|CA 15-3|U/mL|6875-9|1|-25
CA724|糖类抗原72-4|CA 72-4|U/mL||1|-6.9
NSE|神经元特异性烯醇化酶|Neuron-specific enolase|ng/mL||2|-16.3
CYFRA|细胞角蛋白19片段|CYFRA 21-1|ng/mL||2|-3.3
TPSA|总前列腺特异性抗原|Prostate-specific antigen, total|ng/mL|2857-1|2|-4.0
FPSA|游离前列腺特异性抗原|Prostate-specific antigen, free|ng/mL|10886-0|2|-1.0
FER|铁蛋白|Ferritin|ng/mL|2276-4|0|M0-:30-400 F0-:13-150
FE|血清铁|Iron|umol/L||1|M0-:10.6-36.7 F0-:7.8-32.2
TIBC|总铁结合力|Iron-binding capacity|umol/L||1|45-77
B12|维生素B12|Vitamin B12|pg/mL|2132-9|0|197-771
FOL|叶酸|Folate|ng/mL|2284-8|1|3.9-26.8
VD|25-羟基维生素D|25-hydroxyvitamin D|ng/mL|1989-3|1|20-100
FSH|卵泡刺激素|Follitropin|[IU]/L|15067-2|2|M0-:1.5-12.4 F0-50:3.5-12.5 F50-:25.8-134.8
LH|黄体生成素|Lutropin|[IU]/L|10501-5|2|M0-:1.7-8.6 F0-50:2.4-12.6 F50-:7.7-58.5
PRL|泌乳素|Prolactin|m[IU]/L||0|M0-:86-324 F0-:102-496
E2|雌二醇|Estradiol|pg/mL|2243-4|1|M0-:11.3-43.2 F0-50:12.4-233 F50-:-138
PROG|孕酮|Progesterone|ng/mL|2839-9|2|M0-:-0.15 F0-:0.06-0.89
TESTO|睾酮|Testosterone|ng/mL|2986-8|2|M0-50:2.49-8.36 M50-:1.93-7.40 F0-:0.08-0.48
HCG|人绒毛膜促性腺激素|Chorionic gonadotropin|[IU]/L|19080-1|1|-5.3
RF|类风湿因子|Rheumatoid factor|k[IU]/L|11572-5|1|-14
CCP|抗环瓜氨酸肽抗体|Anti-CCP antibody|U/mL||1|-17
ASO|抗链球菌溶血素O|Antistreptolysin O|k[IU]/L|5370-2|0|-200
IGG|免疫球蛋白G|Immunoglobulin G|g/L|2465-3|2|A0-14:4.5-14.3 A14-:8.6-17.4
IGA|免疫球蛋白A|Immunoglobulin A|g/L|2458-8|2|A0-14:0.2-2.5 A14-:1.0-4.2
IGM|免疫球蛋白M|Immunoglobulin M|g/L|2472-9|2|0.3-2.5
C3|补体C3|Complement C3|g/L|4485-9|2|0.7-1.4
C4|补体C4|Complement C4|g/L|4498-2|2|0.1-0.4
TIGE|总IgE|Immunoglobulin E, total|k[IU]/L|19113-0|1|A0-6:-60 A6-14:-90 A14-:-100
AMY|淀粉酶|Amylase|U/L|1798-8|0|35-135
LPS|脂肪酶|Lipase|U/L|3040-3|0|-60
NH3|血氨|Ammonia|umol/L|22763-7|0|18-72
LAC|乳酸|Lactate|mmol/L|2524-7|1|0.5-1.6
PH|酸碱度|pH of arterial blood|1|2744-1|2|7.35-7.45
PCO2|二氧化碳分压|Carbon dioxide, partial pressure|mm[Hg]|2019-8|0|35-45
PO2|氧分压|Oxygen, partial pressure|mm[Hg]|2703-7|0|80-100
HCO3|碳酸氢根|Bicarbonate|mmol/L||1|21-28
HBVDNA|乙肝病毒DNA定量|Hepatitis B virus DNA|[IU]/mL||0|-20
CD4|CD4阳性T细胞|CD4 T cells|/uL||0|550-1440
USG|尿比重|Specific gravity of urine|1|5811-5|3|1.003-1.030
UPH|尿酸碱度|pH of urine|1|5803-2|1|4.5-8.0
UWBC|尿白细胞计数|White cells in urine|/uL||0|-25
URBC|尿红细胞计数|Red cells in urine|/uL||0|-17
UALB|尿微量白蛋白|Albumin in urine|mg/L||1|-30
ACR|尿白蛋白/肌酐|Albumin/creatinine of urine|mg/g||1|-30
UTP24|24小时尿蛋白定量|Protein in 24 h urine|mg/(24.h)||0|-150
SCONC|精子浓度|Sperm concentration|10*6/mL||1|15-
SMOT|精子总活力|Sperm motility|%||0|40-
"""

_WORDED = """
UPRO|尿蛋白|Protein in urine||20454-5|0|=阴性 微量 1+ 2+
UGLU|尿糖|Glucose in urine|||0|=阴性 1+ 3+
UKET|尿酮体|Ketones in urine||2514-8|0|=阴性 1+ 2+
UBLD|尿隐血|Blood in urine||5794-3|0|=阴性 微量 1+ 3+
UBIL|尿胆红素|Bilirubin in urine||5770-3|0|=阴性 1+
UNIT|亚硝酸盐|Nitrite in urine||5802-4|0|=阴性 阳性
ULEU|白细胞酯酶|Leukocyte esterase||5799-2|0|=阴性 1+ 2+
FCOL|粪便颜色|Colour of stool|||0|=黄色 褐色 黑色
FOB|粪便隐血|Occult blood in stool|||0|=阴性 阳性
FWBC|粪便白细胞|White cells in stool|||0|=未见 少量
FOVA|虫卵|Ova of parasites|||0|=未见 检出
HBSAG|乙肝表面抗原|Hepatitis B surface antigen||5196-1|0|=阴性 阳性
HBSAB|乙肝表面抗体|Hepatitis B surface antibody|||0|=阳性 阴性
HBEAG|乙肝e抗原|Hepatitis B e antigen|||0|=阴性 阳性
HBEAB|乙肝e抗体|Hepatitis B e antibody|||0|=阴性 阳性
HBCAB|乙肝核心抗体|Hepatitis B core antibody|||0|=阴性 阳性
HCVAB|丙肝抗体|Hepatitis C antibody||13955-0|0|=阴性 阳性
HAVM|甲肝抗体IgM|Hepatitis A IgM|||0|=阴性 阳性
HEVM|戊肝抗体IgM|Hepatitis E IgM|||0|=阴性 阳性
HIV|HIV抗原抗体联合检测|HIV antigen and antibody||56888-1|0|=阴性 待复查
TPPA|梅毒螺旋体特异性抗体|Treponema pallidum antibody|||0|=阴性 阳性
TRUST|梅毒甲苯胺红不加热血清试验|Toluidine red unheated serum test|||0|=阴性 1:2 1:8
GC|淋球菌核酸|Neisseria gonorrhoeae DNA|||0|=阴性 阳性
CT|沙眼衣原体核酸|Chlamydia trachomatis DNA|||0|=阴性 阳性
MOP|吗啡|Morphine|||0|=阴性 阳性
MET|甲基安非他明|Methamphetamine|||0|=阴性 阳性
KET|氯胺酮|Ketamine|||0|=阴性 阳性
MDMA|亚甲二氧基甲基安非他明|MDMA|||0|=阴性 阳性
THC|四氢大麻酚酸|THC carboxylic acid|||0|=阴性 阳性
ANA|抗核抗体|Antinuclear antibody|||0|=阴性 1:100 1:320
DSDNA|抗双链DNA抗体|Anti-dsDNA antibody|||0|=阴性 阳性
ABO|ABO血型|ABO blood group|||0|=A型 B型 O型 AB型
RHD|RhD血型|RhD blood group|||0|=阳性 阴性
FLUA|甲型流感病毒抗原|Influenza A antigen|||0|=阴性 阳性
FLUB|乙型流感病毒抗原|Influenza B antigen|||0|=阴性 阳性
COVID|新型冠状病毒核酸|SARS-CoV-2 RNA||94500-6|0|=阴性 阳性
MP|肺炎支原体抗体IgM|Mycoplasma pneumoniae IgM|||0|=阴性 阳性
HP|幽门螺杆菌抗体|Helicobacter pylori antibody|||0|=阴性 阳性
HPV16|人乳头瘤病毒16型|Human papillomavirus 16|||0|=阴性 阳性
HPV18|人乳头瘤病毒18型|Human papillomavirus 18|||0|=阴性 阳性
HPVHR|其他高危型HPV|Other high-risk HPV|||0|=阴性 阳性
VCLN|阴道清洁度|Vaginal cleanliness|||0|=Ⅱ度 Ⅲ度 Ⅳ度
VTRI|滴虫|Trichomonas|||0|=未见 检出
VFUN|真菌|Fungi|||0|=未见 检出
CULT|细菌培养|Bacterial culture|||0|=无菌生长 大肠埃希菌 肺炎链球菌
TSPOT|结核感染T细胞检测|Tuberculosis T-cell test|||0|=阴性 阳性
"""

_SUMS = {
    "NEUT%": ("rest", "LYMPH%", "MONO%", "EO%", "BASO%"),
    "NEUT#": ("share", "WBC", "NEUT%"),
    "LYMPH#": ("share", "WBC", "LYMPH%"),
    "MONO#": ("share", "WBC", "MONO%"),
    "GLB": ("less", "TP", "ALB"),
    "A/G": ("ratio", "ALB", "GLB"),
    "IBIL": ("less", "TBIL", "DBIL"),
    "ABO": ("any",),
}
"""What is calculated from other results of the same report: 100 less all of them, a share in per cent, …; of a blood
group, any is as good as the other."""

_RANGE = re.compile(r"(?:([AMF])(\d+)-(\d*):)?([\d.]*)-([\d.]*)")
_SEX_CODES = {"A": "0", "M": "1", "F": "2"}
_OLDEST = 200


class Range(msgspec.Struct, frozen=True):
    """From ``age_from`` up to but not ``age_to`` years; sex 0 is anybody's."""

    sex_code: str
    age_from: int
    age_to: int
    low: float | None
    high: float | None


class Analyte(msgspec.Struct, frozen=True, kw_only=True):
    """``words``: the expected one first; empty where it is a number. ``sum``: how it is calculated, and from what."""

    code: str
    name: str
    name_en: str
    unit: str
    loinc: str
    decimals: int
    ranges: tuple[Range, ...]
    words: tuple[str, ...]
    sum: tuple[str, ...]


def analytes() -> list[Analyte]:
    """In the order of the lists."""
    return [_analyte(*line.split("|")) for line in (_MEASURED + _WORDED).split("\n") if line]


def _analyte(code: str, name: str, name_en: str, unit: str, loinc: str, decimals: str, ranges: str) -> Analyte:
    worded = ranges.startswith("=")
    return Analyte(
        code=code,
        name=name,
        name_en=name_en,
        unit=unit,
        loinc=loinc,
        decimals=int(decimals),
        ranges=() if worded else tuple(_range(one) for one in ranges.split()),
        words=tuple(ranges[1:].split()) if worded else (),
        sum=_SUMS.get(code, ()),
    )


def _range(text: str) -> Range:
    found = _RANGE.fullmatch(text)
    if found is None:
        raise ValueError(f"no range: {text}")
    sex, age_from, age_to, low, high = found.groups()
    return Range(
        sex_code=_SEX_CODES[sex or "A"],
        age_from=int(age_from or 0),
        age_to=int(age_to or _OLDEST),
        low=float(low) if low else None,
        high=float(high) if high else None,
    )
