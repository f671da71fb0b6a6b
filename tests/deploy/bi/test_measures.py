"""What measures and visuals show, as SQL over the views; expected values are counted by hand."""

import re

import pytest

from deploy.bi.model import MEASURES, PAGE, Kind, Measure, Visual
from deploy.generate.bi_columns import split_field
from tests.deploy.bi.world import MEASURED, SHOWN
from tests.deploy.snowflake.bi.landing import Landing

VISUALS = [visual for visual in PAGE if visual.kind is not Kind.SLICER]


@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.name)
def test_the_measure_has_the_value_counted_by_hand(world: Landing, measure: Measure) -> None:
    [(value,)] = world.query(measure.sql)

    assert value == MEASURED[measure.name]


@pytest.mark.parametrize("visual", VISUALS, ids=lambda visual: visual.name)
def test_the_visual_shows_the_values_counted_by_hand(world: Landing, visual: Visual) -> None:
    assert world.query(visual.sql) == SHOWN[visual.name]


@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.name)
def test_every_field_of_a_definition_is_a_column_of_the_model(measure: Measure) -> None:
    dax = [f"{table.strip(chr(39))}.{column}" for table, column in re.findall(r"('[^']+'|\w+)\[(\w+)\]", measure.dax)]
    tableau = re.findall(r"\[([^\]]+)\]", measure.tableau)

    assert tableau
    for field in [*dax, *tableau]:
        split_field(field)


def test_hours_are_not_multiplied_by_artists(world: Landing) -> None:
    [(naive,)] = world.query(
        "select sum(songs.duration_ms) / 3600000 from BI.SONGS as songs "
        "inner join BI.SONG_ARTISTS as credits on credits.song_id = songs.song_id"
    )
    [(weighted,)] = world.query(
        "select sum(songs.duration_ms * credits.weight) / 3600000 from BI.SONGS as songs "
        "inner join BI.SONG_ARTISTS as credits on credits.song_id = songs.song_id"
    )

    assert (naive, weighted, MEASURED["Hours of music"]) == (2.0, 1.5, 1.5)
