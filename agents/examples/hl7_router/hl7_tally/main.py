def main(ok, accepted, rejected):
    return {"accepted": accepted + 1, "rejected": rejected} if ok else {"accepted": accepted, "rejected": rejected + 1}
