"""Jobs that are ready and wait for their slots."""

from __future__ import annotations

import random

import pytest

from inngest_py.dev.model import Slot
from inngest_py.dev.queue import Queue


class Plain:
    """The same queue, which looks at everything each time."""

    def __init__(self):
        self.jobs = {}
        self.used = {}

    def add(self, job_id, lane, place):
        self.jobs[job_id] = (place, lane)

    def hold(self, lane):
        for slot in lane:
            self.used[slot.name] = self.used.get(slot.name, 0) + 1

    def release(self, lane):
        for slot in lane:
            self.used[slot.name] -= 1

    def take(self):
        free = [
            (place, job_id)
            for job_id, (place, lane) in self.jobs.items()
            if all(self.used.get(slot.name, 0) < slot.limit for slot in lane)
        ]
        if not free:
            return None
        _, job_id = min(free)
        del self.jobs[job_id]
        return job_id


@pytest.mark.parametrize("seed", range(60))
def test_of_those_whose_slots_are_free_the_first_one_goes(seed):
    chance = random.Random(seed)
    slots = [Slot(name, limit) for name in "abcd" for limit in (1, 2, 3)]
    lanes = [(), *(tuple(chance.sample(slots, chance.randint(1, 3))) for _ in range(12))]
    lanes = [lane for lane in lanes if len({slot.name for slot in lane}) == len(lane)]
    queue, plain, held = Queue(), Plain(), list[tuple[Slot, ...]]()

    for number in range(400):
        match chance.choice(("add", "add", "take", "take", "drop", "release")):
            case "add":
                lane, place = chance.choice(lanes), (chance.randint(0, 100), "run", number)
                queue.add(str(number), lane, place)
                plain.add(str(number), lane, place)
            case "release" if held:
                lane = held.pop(chance.randrange(len(held)))
                queue.release(lane)
                plain.release(lane)
            case kind:
                waiting = {job_id: lane for job_id, (_, lane) in plain.jobs.items()}
                taken = queue.take()
                assert taken == plain.take()
                if taken is not None and kind == "take":
                    queue.hold(waiting[taken])
                    plain.hold(waiting[taken])
                    held.append(waiting[taken])


class Watched(tuple):
    """A lane that counts how often it is looked at."""

    __slots__ = ()
    looks = 0

    def __iter__(self):
        Watched.looks += 1
        return super().__iter__()


def test_a_slot_that_comes_free_has_few_lanes_looked_at_however_many_wait_for_it():
    """Each customer one at a time, and all of them five: a thousand customers wait."""
    shared, queue = Slot("all", 5), Queue()
    for number in range(1000):
        queue.add(str(number), Watched((Slot(f"customer {number}", 1), shared)), (number, "run", 1))
    for number in range(5):
        assert queue.take() == str(number)
        queue.hold((Slot(f"customer {number}", 1), shared))
    assert queue.take() is None

    Watched.looks = 0
    queue.release((Slot("customer 0", 1), shared))
    assert queue.take() == "5"
    queue.hold((Slot("customer 5", 1), shared))
    assert queue.take() is None

    assert Watched.looks < 20


def test_a_queue_that_is_empty_remembers_nothing():
    queue, gate = Queue(), Slot("gate", 1, gate=True)
    lanes = [(gate, Slot(name, 1)) for name in "ab"]
    for number in range(6):
        queue.add(str(number), lanes[number % 2], (number, "run", 1))
    queue.hold((gate,))
    assert (queue.take(), queue.waiting("gate")) == (None, 6)

    queue.release((gate,))

    assert [queue.take() for _ in range(7)] == ["0", "1", "2", "3", "4", "5", None]
    assert queue.waiting("gate") == 0
    assert [getattr(queue, name) for name in ("_lanes", "_gates", "_tickets", "_parked", "_used", "_ready")] == (
        [{}, {}, {}, {}, {}, []]
    )
