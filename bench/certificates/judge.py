"""Judges certificates: reads one a line, writes `proven` or `refused: …` a line.

An argument is the precision in bits; without it 340, which are 100 digits. For bench/certificates.ts and the tests.
"""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "docs" / "certificate"))
import check_certificate  # noqa: E402

check_certificate.iv.prec = int(sys.argv[1]) if len(sys.argv) > 1 else 340
for line in sys.stdin:
    try:
        check_certificate.check(line)
        print("proven")
    except check_certificate.Refused as error:
        print("refused: " + str(error).replace("\n", " ")[:200])
    except Exception as error:  # noqa: BLE001
        print("failed: " + repr(error)[:200])
