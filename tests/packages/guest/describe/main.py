import os
import platform
import sys


def main():
    version = sys.implementation.version
    environment = {
        "implementation_name": sys.implementation.name,
        "implementation_version": f"{version.major}.{version.minor}.{version.micro}",
        "os_name": os.name,
        "platform_machine": platform.machine(),
        "platform_python_implementation": platform.python_implementation(),
        "platform_release": platform.release(),
        "platform_system": platform.system(),
        "platform_version": platform.version(),
        "python_full_version": platform.python_version(),
        "python_version": ".".join(platform.python_version_tuple()[:2]),
        "sys_platform": sys.platform,
    }
    modules = {name.partition(".")[0] for name in (*sys.modules, *sys.builtin_module_names, *sys.stdlib_module_names)}
    return {"environment": environment, "modules": sorted(filter(str.isidentifier, modules))}
