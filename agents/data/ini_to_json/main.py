import configparser


def main(ini):
    reader = configparser.RawConfigParser(allow_no_value=True, allow_unnamed_section=True, default_section=None)
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
        line, text = error.errors[0]
        raise ValueError(f"line {line}: {text} is no section, no key with a value and no comment") from None
    sections = {name: dict(reader.items(name)) for name in reader.sections()}
    alone = sections.pop(configparser.UNNAMED_SECTION, {})
    if both := alone.keys() & sections.keys():
        raise ValueError(f"{min(both)} is a section, and a key before the first section")
    return {"json": alone | sections}
