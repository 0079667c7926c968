"""What the laboratory can be asked for: panels, their tubes and prices, and which results only a window hands out.

One line a panel: code, name, English name, tube, price in fen, ``!`` where it is sensitive, analytes; a line that
begins with a space goes on with it.
"""

import msgspec

_TUBES = {
    "E": ("全血", "Whole blood", "紫色"),
    "S": ("血清", "Serum", "黄色"),
    "C": ("血浆", "Plasma", "蓝色"),
    "B": ("动脉血", "Arterial blood", "肝素注射器"),
    "R": ("全血", "Whole blood", "黑色"),
    "H": ("血浆", "Plasma", "绿色"),
    "U": ("尿液", "Urine", "尿管"),
    "D": ("24小时尿", "24 h urine", "尿桶"),
    "F": ("粪便", "Stool", "便盒"),
    "N": ("咽拭子", "Throat swab", "拭子管"),
    "V": ("分泌物", "Secretion", "拭子管"),
    "P": ("痰液", "Sputum", "痰杯"),
    "M": ("精液", "Semen", "精液杯"),
}

_PANELS = """
L0101|血常规（五分类）|Complete blood count|E|2000||WBC RBC HGB HCT MCV MCH MCHC RDW PLT MPV
 NEUT% LYMPH% MONO% EO% BASO% NEUT# LYMPH# MONO#
L0102|血常规+C反应蛋白|Complete blood count with CRP|E|4200||WBC RBC HGB HCT MCV PLT
 NEUT% LYMPH% MONO% EO% BASO% NEUT# CRP
L0103|红细胞沉降率|Sedimentation rate|R|800||ESR
L0104|网织红细胞|Reticulocytes|E|1200||RET%
L0105|ABO+RhD血型|Blood group|E|2400||ABO RHD
L0201|肝功能|Liver function|S|5600||ALT AST GGT ALP TP ALB GLB A/G TBIL DBIL IBIL TBA CHE
L0202|肾功能|Kidney function|S|3200||UREA CREA UA CYSC B2M CO2CP
L0203|血脂|Lipids|S|4800||TC TG HDL LDL APOA1 APOB LPA
L0204|空腹血糖|Fasting glucose|S|600||GLU
L0205|餐后2小时血糖|Glucose after a meal|S|600||GLU2H
L0206|糖化血红蛋白|Haemoglobin A1c|E|6000||HBA1C
L0207|胰岛素+C肽|Insulin and C-peptide|S|7000||INS CP
L0208|电解质|Electrolytes|S|3600||K NA CL CA MG PHOS
L0209|心肌酶谱|Cardiac enzymes|S|6200||CK CKMB LDH AST
L0210|胰腺功能|Pancreatic enzymes|S|3000||AMY LPS
L0211|血氨|Ammonia|H|3500||NH3
L0301|凝血功能|Coagulation|C|7800||PT INR APTT FIB TT DD
L0302|D-二聚体|D-dimer|C|5000||DD
L0401|甲状腺功能三项|Thyroid function, 3 tests|S|9000||TSH FT3 FT4
L0402|甲状腺功能七项|Thyroid function, 7 tests|S|18600||TSH FT3 FT4 TT3 TT4 TPOAB TGAB
L0403|甲状旁腺激素|Parathyroid hormone|S|6000||PTH
L0404|性激素六项|Sex hormones|S|18000||FSH LH PRL E2 PROG TESTO
L0405|血HCG定量|Chorionic gonadotropin|S|4500||HCG
L0406|维生素D|Vitamin D|S|8000||VD
L0501|心梗三项|Cardiac markers|H|18000||CTNI CKMB MYO
L0502|N末端脑钠肽前体|NT-proBNP|H|16000||NTBNP
L0503|降钙素原|Procalcitonin|S|12000||PCT
L0504|C反应蛋白|C-reactive protein|S|2400||CRP
L0505|白介素6|Interleukin 6|S|8000||IL6
L0601|肿瘤标志物（男）|Tumour markers, male|S|32000||AFP CEA CA199 CA724 NSE CYFRA TPSA FPSA
L0602|肿瘤标志物（女）|Tumour markers, female|S|32000||AFP CEA CA199 CA125 CA153 CA724 NSE CYFRA
L0603|前列腺特异性抗原|Prostate-specific antigen|S|9600||TPSA FPSA
L0604|甲胎蛋白+癌胚抗原|AFP and CEA|S|6000||AFP CEA
L0701|贫血三项|Anaemia markers|S|12000||FER B12 FOL
L0702|铁代谢|Iron|S|6400||FE TIBC FER
L0703|类风湿三项|Rheumatoid markers|S|7800||RF CCP ASO
L0704|免疫球蛋白+补体|Immunoglobulins and complement|S|9000||IGG IGA IGM C3 C4
L0705|抗核抗体谱|Antinuclear antibodies|S|15000||ANA DSDNA
L0706|总IgE|Total IgE|S|4000||TIGE
L0801|尿常规|Urinalysis|U|1800||USG UPH UPRO UGLU UKET UBLD UBIL UNIT ULEU UWBC URBC
L0802|尿微量白蛋白/肌酐|Urine albumin/creatinine|U|4000||UALB ACR
L0803|24小时尿蛋白定量|Protein in 24 h urine|D|1500||UTP24
L0804|粪便常规+隐血|Stool with occult blood|F|1800||FCOL FOB FWBC FOVA
L0805|阴道分泌物常规|Vaginal secretion|V|2000||VCLN VTRI VFUN
L0806|精液常规|Semen analysis|M|8000|!|SCONC SMOT
L0901|血气分析|Blood gases|B|9000||PH PCO2 PO2 HCO3 LAC
L1001|乙肝五项|Hepatitis B markers|S|5000|!|HBSAG HBSAB HBEAG HBEAB HBCAB
L1002|甲丙戊肝抗体|Hepatitis A, C, E antibodies|S|9000|!|HAVM HCVAB HEVM
L1003|乙肝病毒DNA定量|Hepatitis B virus DNA|S|18000|!|HBVDNA
L1004|HIV抗原抗体|HIV antigen and antibody|S|6000|!|HIV
L1005|梅毒血清试验|Syphilis serology|S|5600|!|TPPA TRUST
L1006|淋球菌+衣原体核酸|Gonococci and chlamydiae|V|16000|!|GC CT
L1007|输血前检查|Tests before transfusion|S|14000|!|HBSAG HCVAB HIV TPPA
L1008|毒品筛查|Drugs of abuse|U|12000|!|MOP MET KET MDMA THC
L1009|CD4细胞计数|CD4 cells|E|15000|!|CD4
L1101|甲乙流抗原|Influenza A and B|N|6000||FLUA FLUB
L1102|新型冠状病毒核酸|SARS-CoV-2 RNA|N|1600||COVID
L1103|肺炎支原体抗体|Mycoplasma antibody|S|4500||MP
L1104|幽门螺杆菌抗体|Helicobacter pylori antibody|S|4000||HP
L1105|HPV分型|Human papillomavirus types|V|26000|!|HPV16 HPV18 HPVHR
L1106|痰培养|Sputum culture|P|8000||CULT
L1107|结核感染T细胞检测|Tuberculosis T-cell test|H|38000||TSPOT
"""


class Panel(msgspec.Struct, frozen=True, kw_only=True):
    """``specimen``, ``specimen_en``, ``tube``: what is taken, and into what."""

    code: str
    name: str
    name_en: str
    specimen: str
    specimen_en: str
    tube: str
    price_fen: int
    sensitive: bool
    analytes: tuple[str, ...]


def panels() -> list[Panel]:
    """In the order of the list."""
    return [_panel(*line.split("|")) for line in _PANELS.replace("\n ", " ").split("\n") if line]


def _panel(code: str, name: str, name_en: str, tube: str, fen: str, mark: str, analytes: str) -> Panel:
    specimen, specimen_en, colour = _TUBES[tube]
    return Panel(
        code=code,
        name=name,
        name_en=name_en,
        specimen=specimen,
        specimen_en=specimen_en,
        tube=colour,
        price_fen=int(fen),
        sensitive=mark == "!",
        analytes=tuple(analytes.split()),
    )
