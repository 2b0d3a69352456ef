def mian():
    return 1
