def main(dry_run):
    return f"dry_run={dry_run}"
