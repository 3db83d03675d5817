"""Names of the kind `quiet-heron` for raters, which Meadows' file names carry and rsatoolbox's loader looks for."""

from __future__ import annotations

# The loader knows a participant's file by the animal, and each of these is one that it knows.
_ANIMALS = """
ant badger bat bear bee bison camel cat cobra cow crab crane deer dog dolphin duck eagle falcon ferret finch fox frog
gecko giraffe goat goose hamster hare hawk hedgehog heron horse koala lark lemur lion lizard llama lynx mole moose moth
mouse newt octopus owl panda puma
"""
_WORDS = """
amber ample azure blithe bold brave brisk calm candid cheery civil clear clever crisp curious dapper daring eager early
fair fancy fleet fond frank free fresh gentle glad golden grand handy happy hardy honest humble jolly keen kind lively
loyal lucid lucky mellow merry mild modest neat noble patient placid plucky polite prompt proud quick quiet ready
rosy serene silver sincere spry steady sturdy
"""
ANIMALS = tuple(_ANIMALS.split())
WORDS = tuple(_WORDS.split())


def petname(number: int) -> str:
    """A name `word-animal` for the rater of this number (from 0): the same each time, different for each number.

    Raises
    ------
    ValueError
        When the number is negative, or there is no name left.
    """
    if not 0 <= number < len(ANIMALS) * len(WORDS):
        raise ValueError(f"there are {len(ANIMALS) * len(WORDS)} names, so number {number} has none")
    # Neighbouring numbers differ in both halves; for one animal the words of successive turns are all different.
    turn, animal = divmod(number, len(ANIMALS))
    return f"{WORDS[(turn + animal) % len(WORDS)]}-{ANIMALS[animal]}"
