"""What the switch says of a call over a network that loses packets, in a network namespace whose loopback device loses
them: by `tc netem`, or by netfilter where the kernel has no netem. Skipped, with the reason, where it has neither."""

import json
import os
import pathlib
import re
import subprocess
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
SKIP = 77


class Network(unittest.TestCase):
    def call(self, *options: str) -> dict:
        unshare = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--net", "--map-root-user"]
        if subprocess.run([*unshare, "true"], capture_output=True).returncode != 0:
            self.skipTest("this system gives no network namespaces")
        command = [*unshare, sys.executable, str(HERE / "network.py"), *options]
        answer = subprocess.run(command, capture_output=True, text=True, timeout=240)
        if answer.returncode == SKIP:
            self.skipTest(f"this kernel loses no packets on request: {answer.stdout.strip()}")
        self.assertEqual(answer.returncode, 0, answer.stderr)
        return json.loads(answer.stdout.splitlines()[-1])

    def test_loss_is_measured_both_ways_and_told(self):
        told = self.call("--loss", "8", "--seconds", "30")
        sent, received = told["quality"]["sent"], told["quality"]["received"]
        with self.subTest("what alice says", means=told["means"]):
            # 30 s of packets of 20 ms; eight of a hundred are lost by chance.
            self.assertGreater(sent["packets"] + sent["lost"], 1200)
            self.assertTrue(4 < sent["lossPercent"] < 13, sent)
            self.assertTrue(2.8 < sent["mos"] < 4.1, sent)
        with self.subTest("what alice hears, by her own reports"):
            self.assertIsNotNone(received, told["quality"])
            self.assertTrue(3 < received["lossPercent"] < 14, received)
        with self.subTest("metrics"):
            lost = re.findall(r'packets_lost_total\{worker="\d+",way="from-device"\} (\d+)', told["metrics"])
            self.assertGreater(sum(map(int, lost)), 50)
            raised = re.search(r'quality_warnings_total\{issue="loss"\} (\d+)', told["metrics"])
            self.assertGreaterEqual(int(raised[1]), 1)


if __name__ == "__main__":
    unittest.main()
