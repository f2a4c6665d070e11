"""What goes with the work of a request into another thread."""

from __future__ import annotations

import threading

from harnesses import set_up_django

set_up_django()

from django.utils import timezone  # noqa: E402 - needs settings

from inngest_django.colours import carry  # noqa: E402


def test_the_time_zone_of_the_request_is_active_in_the_thread_of_a_streamed_function() -> None:
    seen: list[str] = []
    with timezone.override("Asia/Tokyo"):
        work = carry(lambda: seen.append(timezone.get_current_timezone_name()))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()

    assert seen == ["Asia/Tokyo"]
