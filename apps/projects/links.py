"""Where a thing is mended: the name of a page, turned into an address when it is shown."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse


@dataclass(frozen=True)
class Link:
    view: str
    args: tuple[int | str, ...] = ()
    anchor: str = ""

    @property
    def url(self) -> str:
        address = reverse(self.view, args=self.args)
        return f"{address}#{self.anchor}" if self.anchor else address
