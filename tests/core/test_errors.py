"""What an error says about a name that nobody knows."""

from caravela.core.errors import unknown_name

TOWNS = ("alderton", "brookmere", "greywick")


def test_a_near_name_is_suggested_and_a_far_one_gets_the_list():
    assert str(unknown_name("town", "Aldreton", TOWNS)) == "unknown town 'Aldreton'; did you mean alderton?"
    assert str(unknown_name("town", "london", TOWNS)) == "unknown town 'london'; known: alderton, brookmere, greywick."
