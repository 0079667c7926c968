"""``/verify/…``: genuine or not, and nothing else."""

import httpx
import pytest
from kiosk_platform import Platform, run
from starlette.applications import Starlette

from yinyi.bus.client import BusClient
from yinyi.business.documents.messages import Verdict
from yinyi.interface.metrics import Metrics
from yinyi.interface.verify.server import Verify
from yinyi.kernel.errors import InternalError

SAID = "S261123093000ABCDEFGH-0123456789ABCDEF"


async def asked(platform: Platform, path: str, method: str = "GET") -> httpx.Response:
    verify = Verify(BusClient(platform, "verify", platform.clock), Metrics())
    transport = httpx.ASGITransport(Starlette(routes=verify.routes()))
    async with httpx.AsyncClient(transport=transport, base_url="http://hospital.test") as client:
        return await client.request(method, path)


@pytest.mark.parametrize(
    ("genuine", "status", "sentences"),
    [
        (True, 200, ("这份单据是真的", "This paper is genuine")),
        (False, 404, ("这份单据不是真的", "This paper is not genuine")),
    ],
)
def test_genuine_or_not_in_both_languages(genuine: bool, status: int, sentences: tuple[str, str]) -> None:
    async def work() -> None:
        platform = Platform(answers={"VerifyDocument": Verdict(genuine=genuine)})
        answer = await asked(platform, f"/verify/{SAID}")
        assert answer.status_code == status
        assert all(sentence in answer.text for sentence in sentences)
        assert SAID not in answer.text
        assert "{{" not in answer.text
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")
        assert "set-cookie" not in answer.headers

    run(work())


@pytest.mark.parametrize("said", ["x" * 65, "%E4%B8%AD", "%0A"])
def test_what_no_paper_says_is_not_even_asked(said: str) -> None:
    async def work() -> None:
        platform = Platform(answers={})
        assert (await asked(platform, f"/verify/{said}")).status_code == 404
        assert not platform.asked

    run(work())


def test_nobody_is_told_that_a_paper_is_false_while_it_cannot_be_checked() -> None:
    async def work() -> None:
        for platform in (Platform(away=True), Platform(answers={"VerifyDocument": InternalError()})):
            answer = await asked(platform, f"/verify/{SAID}")
            assert answer.status_code == 503
            assert "暂时无法验证" in answer.text
            assert "不是真的" not in answer.text

    run(work())


def test_it_can_only_be_asked() -> None:
    async def work() -> None:
        platform = Platform(answers={"VerifyDocument": Verdict(genuine=True)})
        refused = await asked(platform, f"/verify/{SAID}", "POST")
        assert (refused.status_code, set(refused.headers["allow"].split(", "))) == (405, {"GET", "HEAD"})
        assert (await asked(platform, f"/verify/{SAID}", "HEAD")).content == b""

    run(work())
