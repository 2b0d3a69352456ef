import configparser
import re


class Reader(configparser.RawConfigParser):
    # Python's own would leave out what comes after the ], and take [a for a key.
    SECTCRE = re.compile(r"\[(?P<header>(?:[^\[\]]|\[[^\[\]]*\])+)\]\s*(?:[#;].*)?$")
    OPTCRE_NV = re.compile(r"(?!\[)(?P<option>.*?)\s*(?:(?P<vi>[=:])\s*(?P<value>.*))?$")


def main(ini: str):
    reader = Reader(allow_no_value=True, allow_unnamed_section=True, default_section=None)
    # Keys as they are written; configparser's own would be in small letters.
    reader.optionxform = str
    try:
        reader.read_string(ini.removeprefix("\ufeff"))
    except configparser.DuplicateSectionError as error:
        raise ValueError(f"line {error.lineno}: the section [{error.section}] is there twice") from None
    except configparser.DuplicateOptionError as error:
        raise ValueError(f"line {error.lineno}: {error.option} is there twice") from None
    except configparser.MultilineContinuationError as error:
        raise ValueError(f"line {error.lineno}: an indented line goes on with a key that has no value") from None
    except configparser.ParsingError as error:
        number, line = error.errors[0][0], error.errors[0][1].strip()
        if line.startswith("["):
            message = "is no [section]: nothing but a comment comes after the ]"
        else:
            message = "is no section, no key with a value and no comment"
        raise ValueError(f"line {number}: {line} {message}") from None
    sections = {name: dict(reader.items(name)) for name in reader.sections()}
    alone = sections.pop(configparser.UNNAMED_SECTION, {})
    if both := alone.keys() & sections.keys():
        raise ValueError(f"{min(both)} is a section, and a key before the first section")
    return {"json": alone | sections}
