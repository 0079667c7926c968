"""Which icon a clinic has: by words in its name, so that a hospital need not choose any."""

from functools import lru_cache

_BY_WORD = (
    ("心", "heart-pulse", "rose"),
    ("呼吸", "wind", "sky"),
    ("消化", "pill", "leaf"),
    ("神经", "brain", "plum"),
    ("精神", "brain", "plum"),
    ("骨", "bone", "sunny"),
    ("眼", "eye", "sky"),
    ("耳", "ear", "plum"),
    ("口腔", "smile", "sky"),
    ("儿", "baby", "leaf"),
    ("皮肤", "hand-helping", "sunny"),
    ("妇", "flower-2", "rose"),
    ("产", "baby", "rose"),
    ("中医", "leaf", "leaf"),
    ("肾", "droplets", "sky"),
    ("泌尿", "droplets", "sky"),
    ("血液", "droplets", "rose"),
    ("肿瘤", "ribbon", "plum"),
    ("内分泌", "syringe", "sunny"),
    ("康复", "person-standing", "leaf"),
    ("老年", "users-round", "sunny"),
    ("急", "hospital", "rose"),
)


@lru_cache(maxsize=1024)
def _look(name: str) -> tuple[str, str]:
    return next(((icon, tone) for word, icon, tone in _BY_WORD if word in name), ("stethoscope", ""))


def icon_of(name: str) -> str:
    """A lucide icon for a clinic's Chinese name."""
    return _look(name)[0]


def tone_of(name: str) -> str:
    """The colour class that goes with it."""
    return _look(name)[1]
