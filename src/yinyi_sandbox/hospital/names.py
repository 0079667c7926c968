"""Names of people who do not exist, with the initials that they are looked up by.

A surname's reading is often not that of the character elsewhere (单 Shàn, 仇 Qiú, 曾 Zēng), so it is written beside it.
"""

from yinyi_sandbox.hospital.dice import Dice

_COMMON = (
    "王W李L张Z刘L陈C杨Y黄H赵Z吴W周Z徐X孙S马M朱Z胡H郭G何H林L高G罗L郑Z梁L谢X宋S唐T许X邓D冯F韩H曹C"
    "曾Z彭P萧X蔡C潘P田T董D袁Y于Y余Y叶Y蒋J杜D苏S魏W程C吕L丁D沈S任R姚Y卢L傅F钟Z姜J崔C谭T廖L范F汪W陆L"
    "单S仇Q区O解X查Z朴P缪M盖G种C尉Y覃Q乐Y"
)
_GIVEN = (
    "伟W芳F娜N敏M静J丽L强Q磊L军J洋Y勇Y艳Y杰J娟J涛T明M超C霞X平P刚G桂G英Y华H建J文W玉Y萍P红H波B辉H"
    "婷T雪X梅M兰L凤F洁J琳L健J斌B峰F鹏P飞F宇Y浩H然R博B思S佳J欣X怡Y子Z涵H晨C轩X诗S雨Y梓Z睿R䶮Y"
)
SURNAMES = tuple(zip(_COMMON[::2], _COMMON[1::2], strict=True))
GIVEN = tuple(zip(_GIVEN[::2], _GIVEN[1::2], strict=True))


def made_up_name(dice: Dice) -> tuple[str, str]:
    """A name of two or three characters and its initials: ``("张建国", "ZJG")``. Common surnames come more often."""
    parts = [SURNAMES[min(dice.below(len(SURNAMES)), dice.below(len(SURNAMES)))]]
    parts += [dice.one_of(GIVEN) for _ in range(dice.one_of((1, 2, 2)))]
    return "".join(text for text, _ in parts), "".join(initial for _, initial in parts)
