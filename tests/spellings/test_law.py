"""Law: in a file that is counted as ok, each access key of an identity field is found."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from forensics.case import Case
from tests.spellings.cases import counted_ok, told, write_native, write_spelled
from tests.spellings.catalogue import SPELLINGS
from tests.spellings.world import SIZE, Json, key_ids, records

# a few records of some of the spellings; each spelling has a world of its own, so no file helps another
numbers = st.lists(st.integers(0, SIZE - 1), min_size=1, max_size=5, unique=True)
parts = st.fixed_dictionaries({}, optional=dict.fromkeys(sorted(SPELLINGS), numbers))


# an example is a case, and the failure names its spelling: shrinking would take minutes and say no more
@settings(max_examples=12, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(parts)
def test_each_key_of_a_file_that_is_counted_as_ok_is_found(parts: dict[str, list[int]]) -> None:
    worlds = {name: [records(name)[number] for number in some] for name, some in parts.items()}
    lost = {name: (parts[name], keys) for name, keys in lost_keys(worlds).items() if keys}
    assert not lost, f"read as ok, and not found: {lost}"


def lost_keys(worlds: dict[str, list[Json]]) -> dict[str, list[str]]:
    """The keys of each file that is counted as ok which the case does not find."""
    with TemporaryDirectory() as temporary, Case.create(Path(temporary) / "case") as case:
        logs = Path(temporary) / "logs"
        write_native({"anchor": records("anchor")[:1]}, logs)  # a case needs a log, also if no spelling is read
        case.ingest([write_spelled(worlds, logs)])
        found = told(case)
        read = [name for name, file in found.files().items() if name in worlds and counted_ok(file)]
        return {
            name: [
                key_id
                for record in worlds[name]
                for key_id in key_ids(record, SPELLINGS[name].keeps)
                if not found.finds(key_id)
            ]
            for name in read
        }
