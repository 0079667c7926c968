"""What doctors of each department mostly order, and which wards the hospital has."""

HABITS = {
    "0101": "L0102 L0201 L0504 I0101 | W0104 W0509 C0101 C0104",
    "0102": "L0203 L0209 L0208 L0502 I0501 I0405 | W0201 W0203 W0205 W0207 C0105",
    "0103": "L0102 L0503 L1103 I0201 I0701 | W0501 W0502 W0504 W0105",
    "0104": "L0201 L0210 L0804 I0401 I0601 | W0401 W0403 W0404 W0406",
    "0105": "L0203 L0204 I0301 I0202 | W0804 C0106 W0803 W0805",
    "0106": "L0204 L0206 L0402 L0203 I0402 | W0301 W0303 W0304 W0307 M0112",
    "0107": "L0202 L0208 L0801 L0802 L0803 I0401 | W0206 W0309 W0209",
    "0108": "L0101 L0104 L0701 L0702 | W0902 W0901",
    "0109": "L0103 L0703 L0705 L0704 I0103 | W0601 W0605 W0604",
    "0110": "L0101 L0202 L0203 L0406 I0501 | W0205 W0309 W0805",
    "0201": "L0101 L0301 L1007 I0401 I0402 | W0102 T0107 M0106",
    "0202": "L0103 I0102 I0302 I0103 | W0601 C0111 T0111 M0111",
    "0203": "L0801 L0202 L0603 I0401 | W0105 C0108",
    "0208": "L0602 I0403 | C0110",
    "0301": "L0805 L1105 L0404 I0401 | W0106 W0903 C0110",
    "0302": "L0101 L0105 L0801 L1001 L1004 L1005 I0404 | W0901 W0902 W0309",
    "0303": "L0404 L0405 L0806 | W0903 W0901",
    "0401": "L0102 L1101 L1103 | W0507 W0508 C0103 W0504 T0105 M0109",
    "0501": "L0101 | W0704 W0705",
    "0502": "L0706 | W0707 W0706 W0506 T0124",
    "0503": "L0101 | T0119 T0120 T0121",
    "0601": "L0706 L1005 L1004 | W0701 W0506 W0703 T0126",
    "0602": "L0201 L1001 L1003 L1004 L1009 | W0110 W0108",
    "0801": "L0601 L0101 L0201 I0203 | W0404 C0107",
    "0901": "L0401 I0501 | W0801 W0802 T0127",
    "1001": "L0102 L0501 L0901 L0208 I0501 I0202 | W0107 W0904 T0101 T0104 M0101",
    "1002": "L0101 L0301 I0104 | T0109 W0102 M0108 T0110 M0107",
    "1003": "L0102 L1101 | W0507 W0405 W0502 T0105",
}
"""By department's code: tests and examinations, then medicines and treatment."""
EVERYWHERE = "L0101 L0201 I0501 | W0509 W0406 C0109"
"""Of departments that are not named."""

WARDS = (
    ("H0102", "心血管内科病区", "Cardiology ward", "0102", "住院楼6层", 40, "急性冠脉综合征"),
    ("H0103", "呼吸内科病区", "Respiratory ward", "0103", "住院楼7层", 42, "社区获得性肺炎"),
    ("H0104", "消化内科病区", "Gastroenterology ward", "0104", "住院楼8层", 40, "消化道出血"),
    ("H0105", "神经内科病区", "Neurology ward", "0105", "住院楼9层", 40, "脑梗死"),
    ("H0106", "内分泌科病区", "Endocrinology ward", "0106", "住院楼10层", 36, "2型糖尿病"),
    ("H0201", "普通外科病区", "General surgery ward", "0201", "住院楼11层", 44, "胆囊结石伴胆囊炎"),
    ("H0202", "骨科病区", "Orthopedic ward", "0202", "住院楼12层", 48, "股骨颈骨折"),
    ("H0302", "产科病区", "Obstetric ward", "0302", "住院楼5层", 38, "孕39周单胎临产"),
    ("H0401", "儿科病区", "Pediatric ward", "0401", "住院楼4层", 36, "支气管肺炎"),
)
"""Code, name, English name, department, place, beds, what people mostly lie there with."""

DAILY = "B0102 D0101 N0102 T0101 M0101 M0103 W0905 W0904 L0101 L0208 L0202 I0501 W0107 W0910 N0105 T0106"
"""What is charged in a ward: the first three every day, of the others about half."""


def habits(dept_code: str) -> tuple[list[str], list[str]]:
    """Tests, medicines."""
    tests, medicines = HABITS.get(dept_code, EVERYWHERE).split("|")
    return tests.split(), medicines.split()
