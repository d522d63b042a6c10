#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""picket posit: every form and every error; values against rationals and Python's math."""
import fractions
import math
import os
import random
import struct
import sys

sys.dont_write_bytecode = True
import command  # noqa: E402
from command import picket, picket_json, same  # noqa: E402

F = fractions.Fraction
SEED = int(os.environ.get("PK_SEED", "1"))


def posit(*words):
    return picket_json("posit", *map(str, words))


def decode(code, n):
    """The value of a code by the standard's formula; None for NaR."""
    if code == 0 or code == 1 << (n - 1):
        return None if code else F(0)
    bits = f"{code:0{n}b}"
    s, body = int(bits[0]), bits[1:]
    k = len(body) - len(body.lstrip(body[0]))
    r = k - 1 if body[0] == "1" else -k
    rest = body[k + 1:] + "00"
    e, fraction = int(rest[:2], 2), rest[2:]
    f = F(int(fraction or "0", 2), 2 ** len(fraction))
    return ((1 - 3 * s) + f) * F(2) ** ((1 - 2 * s) * (4 * r + e + s))


def encode(x, n):
    """Rounded by the definition: the bits of x without end, cut after n, a tie to the even code."""
    if x < 0:
        return -encode(-x, n) & ((1 << n) - 1)
    if x == 0:
        return 0
    scale = x.numerator.bit_length() - x.denominator.bit_length()
    scale -= x < F(2) ** scale
    r, e = divmod(scale, 4)
    head = ("1" * (r + 1) + "0" if r >= 0 else "0" * -r + "1") + f"{e:02b}"
    rest = (x / F(2) ** scale - 1) * 2 ** n
    body = F(int(head, 2) << n) + rest
    body *= F(2) ** (n - 1 - len(head) - n)
    return min(max(round(body), 1), (1 << (n - 1)) - 1)


def check_stored(text):
    document, x = posit(32, text), F(text)
    same(f"number of {text}", document["number"], text)
    for s in document["stored"]:
        code, what = int(s["code"], 16), f"{text} as {s['format']}"
        same(f"bytes of {what}", len(s["code"]), 2 + 2 * s["bytes"])
        if s["format"].startswith("posit"):
            same(what, s["code"], f"0x{encode(x, 8 * s['bytes']):0{2 * s['bytes']}x}")
            value = decode(code, 8 * s["bytes"])
        elif s["bytes"] == 8:
            same(what, struct.unpack(">d", code.to_bytes(8, "big"))[0], float(x))
            value = F(float(x))
        else:
            value, *near = [F(struct.unpack(">f", c.to_bytes(4, "big"))[0])
                            for c in (code, code + 1, max(code - 1, 0))]
            far = min(abs(v - x) for v in near)
            if abs(value - x) > far or (abs(value - x) == far and code % 2):
                raise AssertionError(f"{what}: {s['code']} is not the nearest, or an odd tie")
        same(f"value of {what}", F(s["value"]), value)
        same(f"error of {what}", F(s["error"]), value - x)
        if x:
            relative = (value - x) / x
            if abs(float(s["relative"]) - float(relative)) > 0.006 * abs(relative):
                raise AssertionError(f"relative error of {what}: {s['relative']}, not {float(relative)}")


def test_the_article():
    picket("posit", "32", "101.1", out=[
        "101.1 as posit32 is 101.1, exactly 101.1000003814697265625", "regime    110 ", "r = 1\n",
        "exponent  10 ", "e = 2\n", "f = 38902170 / 2^26\n", "= (1 + f) * 2^6\n",
        "prior     0x6a519999  101.09999942779541015625\n", "this      0x6a51999a  ",
        "next      0x6a51999b  101.10000133514404296875\n",
        "float32  -1.53e-06  -1.51e-08  101.09999847412109375\n",
        "posit32  +3.81e-07  +3.77e-09  101.1000003814697265625\n",
        "float64  -5.68e-15  -5.62e-17  101.099999999999994315658113919198513031005859375\n",
        "Errors are against the number as written."])


def test_the_oracle_can_fail():
    same("posit8 of 1", encode(F(1), 8), 0x40)
    same("posit16 of -1", encode(F(-1), 16), 0xC000)
    same("minimum", [encode(F(1, 10 ** 99), 8), encode(F(10) ** 99, 8)], [1, 127])
    same("a tie", [encode(F(17, 16), 8), encode(F(19, 16), 8)], [0x40, 0x42])
    same("values", [decode(0x40, 8), decode(0xC0, 8), decode(1, 8)], [1, -1, F(1, 2 ** 24)])


def test_numbers_in_every_format():
    draw = random.Random(SEED)
    print(f"# PK_SEED={SEED}")
    for text in ("0", "1", "-1", "0.1", "-101.1", "1e-6", "123456789.123456789", "3.4e38", "1e-30",
                 "-7.25e17", "16777217", ".5", "5.", "1E3", "0.00000000000000000000000001"):
        check_stored(text)
    for _ in range(60):
        digits = draw.randrange(1, 40)
        check_stored(f"{'-' * draw.randrange(2)}{draw.randrange(1, 10 ** digits)}e"
                     f"{draw.randrange(-30, 30) - digits}")


def decimal(x):
    """A rational whose denominator is a power of two, with all its digits."""
    places = x.denominator.bit_length() - 1
    digits = str(abs(x.numerator) * 5 ** places).rjust(places + 1, "0")
    return ("-" * (x < 0) + digits[:len(digits) - places] + "." + digits[len(digits) - places:]
            ).rstrip(".")


def test_ties_and_what_lies_beside_them():
    draw = random.Random(SEED + 1)
    for n in range(8, 64, 8):
        for _ in range(4):
            code = draw.randrange(3 << (n - 3), 5 << (n - 3)) | draw.randrange(2) << (n - 1)
            code = code if code & ((1 << (n - 1)) - 1) else 3
            tie = decimal(decode(2 * code + 1, n + 1))
            for text in (tie, tie + ("" if "." in tie else ".") + "0" * 90 + "1"):
                check_stored(text)


def test_fields_of_a_code():
    draw = random.Random(SEED + 2)
    for n in range(8, 65, 8):
        for _ in range(6):
            code = (draw.getrandbits(n) >> draw.randrange(n - 1) or 1) & ~(1 << (n - 1)) or 1
            code = -code & ((1 << n) - 1) if draw.randrange(2) else code
            f = posit(n, f"0x{code:0{n // 4}x}")["fields"]
            parts = [f[p]["bits"] for p in ("sign", "regime", "exponent", "fraction")]
            same(f"bits of {code:#x}", "".join(parts), f"{code:0{n}b}")
            same("numerator", int(f["fraction"]["numerator"]), int(parts[3] or "0", 2))
            s, r, e = f["sign"]["s"], f["regime"]["r"], f["exponent"]["e"]
            value = ((1 - 3 * s) + F(int(parts[3] or "0", 2), 2 ** len(parts[3]))) * \
                F(2) ** ((1 - 2 * s) * (4 * r + e + s))
            same(f"value of {code:#x}", value, decode(code, n))
            if not F(2) ** f["scale"] <= abs(value) < F(2) ** (f["scale"] + 1):
                raise AssertionError(f"scale of {code:#x}: {f['scale']}")


def test_codes_and_neighbours():
    document = posit(16, "0b0100000000000000")
    same("one", [document[k]["code"] for k in ("prior", "result", "next")],
         ["0x3fff", "0x4000", "0x4001"])
    same("its steps", document["steps"], [])
    document = posit(24, "0x6A519A")
    same("of three bytes", document["result"]["value"], "101.10009765625")
    document = posit(32, "NaR")
    same("beside NaR", [document[k]["code"] for k in ("prior", "result", "next")],
         ["0x7fffffff", "0x80000000", "0x80000001"])
    same("NaR has no more", {"fields", "stored", "number"} & set(document), set())
    same("zero has no fields", "fields" in posit(8, "1 - 1"), False)
    picket("posit", "32", "1e40", out=["the largest"])
    picket("posit", "8", "0", out=["0 as posit8 is 0\n", "none is set: zero", "prior     0xff"])
    picket("posit", "8", "nar", out=["NaR", "not a real"], not_out=["float32"])
    picket("posit", "8", "0x01", out=["exponent  - ", "fraction  - ", "f = 0 / 2^0"])


def test_beyond_the_range():
    stored = {s["format"]: s for s in posit(32, "1e39")["stored"]}
    same("float32", [stored["float32"]["value"], stored["float32"].get("error")], ["inf", None])
    same("posit8", stored["posit8"]["value"], "16777216")
    picket("posit", "32", "-1e39", out=["infinite   -          -inf"])
    stored = {s["format"]: s for s in posit(32, "1e-400")["stored"]}
    same("float64", [stored["float64"]["value"], stored["float64"]["relative"]], ["0", "-1.00e+00"])
    same("its error", stored["float64"]["error"], "-0." + "0" * 399 + "1")
    same("posit8", stored["posit8"]["code"], "0x01")


X = 0.625
UNARY = {
    "negate": -X, "abs": X, "sign": 1, "nearestInt": 1, "ceil": 1, "floor": 0,
    "sqrt": X ** 0.5, "rSqrt": X ** -0.5, "exp": math.exp(X), "expMinus1": math.expm1(X),
    "exp2": 2 ** X, "exp2Minus1": 2 ** X - 1, "exp10": 10 ** X, "exp10Minus1": 10 ** X - 1,
    "log": math.log(X), "logPlus1": math.log1p(X), "log2": math.log2(X),
    "log2Plus1": math.log2(1 + X), "log10": math.log10(X), "log10Plus1": math.log10(1 + X),
    "sin": math.sin(X), "sinPi": math.sin(math.pi * X), "cos": math.cos(X),
    "cosPi": math.cos(math.pi * X), "tan": math.tan(X), "tanPi": math.tan(math.pi * X),
    "arcSin": math.asin(X), "arcSinPi": math.asin(X) / math.pi, "arcCos": math.acos(X),
    "arcCosPi": math.acos(X) / math.pi, "arcTan": math.atan(X), "arcTanPi": math.atan(X) / math.pi,
    "sinH": math.sinh(X), "cosH": math.cosh(X), "tanH": math.tanh(X), "arcSinH": math.asinh(X),
    "arcTanH": math.atanh(X),
}
CALLS = {f"{name}({X})": value for name, value in UNARY.items()} | {
    "arcCosH(1.5)": math.acosh(1.5), "hypot(3, 4)": 5, "pow(1.5, -2.5)": 1.5 ** -2.5,
    "arcTan2(1, -2)": math.atan2(1, -2), "arcTan2Pi(1, -2)": math.atan2(1, -2) / math.pi,
    "fMM(1.5, 2.5, -3)": -11.25, "compound(0.5, 3)": 1.5 ** 3, "compound(0.5, -3)": 1.5 ** -3,
    "rootN(27, 3)": 3, "root_n(8, - 3)": 0.5, "1.5 + 2": 3.5, "1.5 - 2": -0.5, "1.5 * 2": 3,
    "1.5 / 2": 0.75, "add(1.5, 2)": 3.5, "sub(1.5, 2)": -0.5, "mul(1.5, 2)": 3, "div(1.5, 2)": 0.75,
    "2 + 3 * 4": 14, "(2 + 3) * 4": 20, "7 - 2 - 1": 4, "8 / 2 / 2": 2, "-(1 + 2)": -3,
    "2 * -3": -6, "- -2": 2, "-sqrt(4)": -2, "\t2-1 ": 1, "quire(-2 * 3 + 4 * 5 - 6 - 1 * 2)": 6,
    "quire(7)": 7, "quire((1 + 2) * 3)": 9,
}
NOT_A_REAL = ["1 / 0", "sqrt(-1)", "log(0)", "arcsin(2)", "0 / 0", "NaR + 1", "pow(-1, 0.5)",
              "root_n(-4, 2)", "quire(1 + NaR)"]


def test_every_function_in_every_size():
    for n, precision in ((8, 0.2), (16, 0.005), (32, 1e-6), (64, 1e-14)):
        for text, wanted in CALLS.items():
            got = float(posit(n, text)["result"]["value"])
            if abs(got - wanted) > precision * max(abs(wanted), 0.1):
                raise AssertionError(f"posit{n} {text}: {got}, expected {wanted}")
        for text in NOT_A_REAL:
            same(f"posit{n} {text}", posit(n, text)["result"]["value"], "NaR")


def test_next_and_prior():
    for n in (8, 16, 32, 64):
        one = 1 << (n - 2)
        same("next", int(posit(n, "next(1)")["result"]["code"], 16), one + 1)
        same("prior", int(posit(n, "prior(1)")["result"]["code"], 16), one - 1)


def test_comparisons():
    wanted = {"equal": (False, True), "not_equal": (True, False), "less": (True, False),
              "less_equal": (True, True), "greater": (False, False), "greater_equal": (False, True)}
    for n in (8, 16, 32, 64):
        for name, truth in wanted.items():
            for second, expected in zip(("2", "1"), truth):
                document = posit(n, f"{name}(1, {second})")
                same(f"{name}(1, {second})", document["truth"], expected)
                same("no result", {"result", "stored"} & set(document), set())
    picket("posit", "32", "less(1, 2)", out=["less(1, 2) is true for posit32"])
    same("NaR", [posit(8, "equal(NaR, NaR)")["truth"], posit(8, "less(NaR, -1e9)")["truth"]],
         [True, True])


def test_each_operation_rounds_once():
    document = posit(8, "0.1 + 0.2")
    same("steps", [s.get("number", s.get("operation")) for s in document["steps"]],
         ["0.1", "0.2", "add"])
    codes = [encode(F("0.1"), 8), encode(F("0.2"), 8)]
    result = encode(decode(codes[0], 8) + decode(codes[1], 8), 8)
    same("operands", document["steps"][2]["operands"], [f"0x{c:02x}" for c in codes])
    same("result", [document["steps"][2]["result"], document["result"]["code"]], [f"0x{result:02x}"] * 2)
    same("read exactly", [s["exact"] for s in posit(8, "0.25 + 0.3")["steps"][:2]], [True, False])
    same("a quire rounds once", posit(8, "quire(3 * 3 - 9.5)")["result"]["value"],
         str(9 - int(decode(encode(F("9.5"), 8), 8))))
    picket("posit", "16", "0.1", "+", "0.2", out=["0.1 + 0.2 as posit16", "add(", "   rounded\n",
           "Each number and each operation is rounded once, to posit16.", "against the result"])
    picket("posit", "16", "compound(1, 3)", out=["compound(1, 3) = 8\n"])
    picket("posit", "16", "quire(1 + 1)", out=["quire(...) = 2\n"])
    same("one number is no operation", "rounded once" in picket("posit", "16", "-0.1").stdout, False)
    picket("posit", "16", "-1.5", "+", "-2", "--json", out=['"value": "-3.5"'])


ERRORS = [
    ("sqr(2)", 1, "sqr: no such function"), ("1 + sqr(2)", 5, "sqr: no such function"),
    ("sqrt 2", 1, "sqrt: neither a number nor a function"), ("pi", 1, "neither a number"),
    ("2 +* 3", 4, "'*' where a number should stand"), ("2 +", 4, "a number is missing at the end"),
    ("sqrt(2", 7, "')' is missing at the end"), ("(1 + 2]", 7, "')' is missing before ']'"),
    ("1 2", 3, "'2' after the end"), ("1)", 2, "')' after the end"), ("1..2", 1, "1..2: no number"),
    ("1e", 1, "1e: no number"), ("1e+", 1, "1e+: no number"), ("3 + 1x", 5, "1x: no number"),
    ("1e401", 1, "too large or too small"), ("1e-401", 1, "too large or too small"),
    ("1e999999999999999999999", 1, "too large or too small"),
    ("hypot(1)", 8, "',' is missing before ')'"), ("sqrt(1, 2)", 7, "sqrt takes 1 argument"),
    ("fmm(1, 2, 3, 4)", 12, "fmm takes 3 arguments"), ("sqrt()", 6, "')' where a number"),
    ("root_n(2, 1.5)", 11, "an integer of 63 bits"), ("compound(2, x)", 13, "an integer"),
    ("compound(2, 99999999999999999999)", 13, "an integer"), ("compound(2)", 11, "',' is missing"),
    ("compound(2, 9223372036854775808)", 13, "an integer"),
    ("0x40", 1, "a code of posit32 has 8 digits; here are 2"),
    ("1 + 0b01", 5, "a code of posit32 has 32 digits; here are 2"),
    ("0x4000000g", 10, "'g' is no hexadecimal digit"), ("0b2", 3, "'2' is no binary digit"),
    ("less(1, 2) + 1", 12, "true or false"), ("sqrt(less(1, 2))", 1, "true or false"),
    ("quire(less(1, 2))", 1, "true or false"), ("quire(1 / 2)", 9, "sums of x and x * y only"),
    ("quire(1 * 2 * 3)", 13, "sums of x and x * y only"), ("quire()", 7, "')' where a number"),
    ("1 & 2", 3, "'&' after the end"), ("$", 1, "'$' where a number"), (" ", 2, "a number is missing"),
    ("\x7f", 1, "a byte that is no text (0x7f)"), ("\u00b2", 1, "a byte that is no text (0xc2)"),
    ("(" * 70 + "1", 65, "more than 64 brackets"), ("-(" * 40 + "1", 65, "more than 64 brackets"),
    ("1+" * 600 + "1", 1001, "more than 1000 bytes"),
]


def test_errors_have_a_column():
    for text, column, says in ERRORS:
        picket("posit", "32", text, status=2, err=[f"expression:1:{column}: error PK0909: ", says])
        diagnostics = picket_json("posit", "32", text, status=2)["diagnostics"]
        same(f"told of {text}", [(d["code"], d["column"]) for d in diagnostics], [("PK0909", column)])
    picket("posit", "24", "1 + 2", status=2, err=["1:3: ", "24 bits can be read and shown"])
    picket("posit", "40", "quire(1)", status=2, err=["40 bits can be read and shown"])


def test_the_longest_expression():
    text = "1" + "+1" * 499
    same("of 999 bytes", posit(64, text)["result"]["value"], "500")
    same("deep", posit(64, "(" * 63 + "1" + ")" * 63)["result"]["value"], "1")


def test_usage():
    for words, says in ((["posit"], "needs a SIZE"), (["posit", "32"], "needs an EXPRESSION"),
                        (["posit", "12", "1"], "12: no size"), (["posit", "032", "1"], "032: no size"),
                        (["posit", "sqrt(2)"], "sqrt(2): no size"),
                        (["posit", "32", "1", "--frob"], "--frob: no such option"),
                        (["posit", "32", "1", "--json=1"], "takes no argument")):
        lines = picket(*words, status=2, err=[says]).stderr.splitlines()
        same(f"lines of {words}", len(lines), 1)
    picket("posit", "-h", out=["picket posit SIZE EXPRESSION"])
    picket("posit", "32", "1", "-h", out=["picket posit SIZE EXPRESSION"])


if __name__ == "__main__":
    sys.exit(command.run_all(sys.modules[__name__]))
