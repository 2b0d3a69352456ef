import re

LINE = re.compile(r"[\x0b\x1c]|[^\r\n\x0b\x1c]*[\r\n]+|[^\r\n\x0b\x1c]+")
WRAPPER = re.compile(r"(FHS|BHS|BTS|FTS)(\W|$)")


def main(batch: str):
    messages = [[]]
    for line in LINE.findall(batch.removeprefix("\ufeff")):
        if line in "\x0b\x1c" or WRAPPER.match(line):
            messages.append([])
        elif re.match(r"MSH(\W|$)", line):
            messages.append([line])
        else:
            messages[-1].append(line)
    texts = map("".join, messages)
    return {"messages": [text for text in texts if text.strip()]}
