# SPDX-License-Identifier: GPL-2.0-or-later
"""verbs.py OUTPUT NAME...: the table of the sensors' verbs, in C."""
import sys

output, *names = sys.argv[1:]
with open(output, "w", encoding="utf-8") as out:
    out.write('#include "cli/cli.h"\n\n')
    for name in names:
        out.write(f"extern const struct pk_verb pk_verb_{name};\n")
    out.write("\nconst struct pk_verb *const pk_sensor_verbs[] = {\n")
    for name in names:
        out.write(f"    &pk_verb_{name},\n")
    out.write("    NULL,\n};\n")
