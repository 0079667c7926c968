"""Results of a laboratory that are words: what is commonly written, in English. Anything else stays as it was written,
because a guessed finding is worse than one that must be asked about."""

ENGLISH = {
    "阴性": "Negative",
    "阳性": "Positive",
    "弱阳性": "Weakly positive",
    "微量": "Trace",
    "少量": "Few",
    "未见": "None seen",
    "未检出": "Not detected",
    "检出": "Detected",
    "待复查": "To be tested again",
    "无菌生长": "No growth",
    "黄色": "Yellow",
    "淡黄色": "Pale yellow",
    "褐色": "Brown",
    "黑色": "Black",
    "红色": "Red",
    "清亮": "Clear",
    "浑浊": "Cloudy",
    "A型": "Type A",
    "B型": "Type B",
    "AB型": "Type AB",
    "O型": "Type O",
    "Ⅱ度": "Grade II",
    "Ⅲ度": "Grade III",
    "Ⅳ度": "Grade IV",
}


def is_chinese(text: str) -> bool:
    return any("\u3400" <= letter <= "\u9fff" for letter in text)
