"""Drawing with matplotlib, which is optional, in fonts that have Chinese."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

_FONTS = ["Noto Sans SC", "Noto Sans CJK SC", "Microsoft YaHei", "PingFang SC", "WenQuanYi Micro Hei", "DejaVu Sans"]


def need_matplotlib() -> None:
    """Raise ModuleNotFoundError, which says what to install, when there is no matplotlib."""
    if find_spec("matplotlib") is None:
        raise ModuleNotFoundError("plots need matplotlib: pip install 'group-formation-optimizer[plot]'")


@contextmanager
def fonts() -> Iterator[None]:
    """Prefer fonts with Chinese for what is drawn, without changing the settings of the process."""
    import matplotlib.pyplot as plt
    from matplotlib import font_manager

    spec = find_spec("zhplot")
    if spec is not None and spec.origin is not None:
        for file in Path(spec.origin).parent.glob("fonts/*.ttf"):
            font_manager.fontManager.addfont(str(file))
    known = {font.name for font in font_manager.fontManager.ttflist}
    with plt.rc_context({"font.family": [name for name in _FONTS if name in known], "axes.unicode_minus": False}):
        yield
