"""The file of an electronic receipt, as a hospital's issuer makes it."""

import io

import segno
import typst

from yinyi.app.interfaces import PROJECT
from yinyi.business.documents.render import print_fonts
from yinyi.interface.assets.assets import PRINT_FONT

_PAGE = """
#set page(width: 240mm, height: 127mm, margin: 12mm)
#set text(font: "Noto Sans SC", size: 15pt, fill: rgb("#7a1f1f"))
#place(top + right, image(bytes("CODE"), format: "svg", width: 24mm))
#align(center)[#text(size: 24pt)[云山省医疗门诊收费票据（电子）]]
#grid(columns: (1fr, 1fr), row-gutter: 6pt)[票据代码：33060126][票据号码：0012345678][交款人：张\\*国][校验码：a94b7e]
#table(columns: (1fr, 1fr), inset: 7pt, stroke: 0.6pt + rgb("#7a1f1f"),
  [项目], [金额（元）], [挂号费（心血管内科）], [50.00])
金额合计（大写）：伍拾元整 #h(1fr) （小写）50.00
#v(1fr)
收款单位：云山市人民医院 #h(1fr) 收款人：自助机 K01
"""


def receipt_pdf(pages: int = 1) -> bytes:
    """With the same on every page."""
    drawn = io.BytesIO()
    segno.make("33060126/0012345678", error="m").save(drawn, kind="svg", border=2)
    code = drawn.getvalue().decode().replace('"', '\\"').replace("\n", "")
    source = "#pagebreak()".join([_PAGE.replace("CODE", code)] * pages)
    return typst.compile(source.encode(), font_paths=print_fonts(PROJECT / "node_modules" / PRINT_FONT))
