#!/usr/bin/env bash
# One device and a server in two network namespaces, joined by a pair of virtual interfaces whose rate the kernel limits
# (tc … tbf, both ways), against the same training over the emulated radio link. Needs the privileges for namespaces;
# says so and ends with 0 where there are none.
# Run: bash bench/harness/network-namespaces.sh [uplink Mbit/s, default 8] [downlink Mbit/s, default 16] [repeats, default 3]
set -euo pipefail
cd "$(dirname "$0")/../.."
up=${1:-8}
down=${2:-16}
near="sft-device-$$"
far="sft-server-$$"
folder=$(mktemp -d)
server_pid=""

clean_up() {
  [ -n "$server_pid" ] && kill "$server_pid" 2>/dev/null || true
  ip netns del "$near" 2>/dev/null || true
  ip netns del "$far" 2>/dev/null || true
  rm -rf "$folder"
}
trap clean_up EXIT

skip() {
  echo "skipped: $1"
  exit 0
}

command -v ip >/dev/null || skip "there is no ip command"
command -v tc >/dev/null || skip "there is no tc command"
ip netns add "$near" 2>"$folder/why" || skip "no network namespace can be made: $(cat "$folder/why")"
ip netns add "$far" 2>"$folder/why" || skip "no network namespace can be made: $(cat "$folder/why")"
ip -n "$near" link add dev0 type veth peer name srv0 netns "$far" 2>"$folder/why" || skip "no veth pair: $(cat "$folder/why")"
ip -n "$near" addr add 10.231.0.1/30 dev dev0
ip -n "$far" addr add 10.231.0.2/30 dev srv0
for space in "$near" "$far"; do ip -n "$space" link set lo up; done
ip -n "$near" link set dev0 up
ip -n "$far" link set srv0 up
# A bucket of a few packets: what passes at once after a pause is the emulated link's burst. No offloading, or a packet
# of 64 kB would not fit the bucket.
burst=6000
for pair in "$near dev0 $up" "$far srv0 $down"; do
  read -r space device rate <<<"$pair"
  ip netns exec "$space" ethtool -K "$device" tso off gso off gro off 2>/dev/null || true
  ip -n "$space" link set "$device" gso_max_size 1500 gso_max_segs 1 2>/dev/null || true
  tc -n "$space" qdisc add dev "$device" root tbf rate "${rate}mbit" burst "$burst" latency 2s 2>"$folder/why" ||
    skip "the kernel has no tbf: $(cat "$folder/why")"
done

scenario() {
  cat <<YAML
version: 1
seed: 3
data: { images: 160, evaluationImages: 0 }
model: { seed: 1, imageSize: 32, shape: { patchSize: 4, width: 96, blocks: 2, heads: 3, mlpWidth: 192 } }
training: { rounds: 5, stepsPerRound: 4, batchSize: 16 }
codec: { keptFraction: 50 %, bits: 8 }
clock: wall
devices: [{ name: only, cut: 1$1 }]
YAML
}

mkdir -p .cache/programs
program=.cache/programs/namespaces-cli.js
npx esbuild bin/sft-opt.ts --bundle --packages=external --format=esm --platform=node --target=node20 --log-level=error --outfile="$program"
export SFT_OPT_TOKEN=namespaces TF_NUM_INTRAOP_THREADS=1 TF_NUM_INTEROP_THREADS=1

# Ethernet, IP and TCP headers: 66 of every 1514 bytes on the wire are not the messages'.
share="0.9564"
rate() { awk -v r="$1" -v s="$share" 'BEGIN { printf "%.4f", r * s }'; }
scenario "" >"$folder/kernel.yaml"
scenario ", link: { uplink: $(rate "$up") Mbit/s, downlink: $(rate "$down") Mbit/s, burst: $(rate "$burst") B }" >"$folder/emulated.yaml"

for repeat in $(seq "${3:-3}"); do
  ip netns exec "$far" node "$program" server "$folder/kernel.yaml" --host 10.231.0.2 --port 8750 --quiet \
    --record "$folder/kernel-$repeat.jsonl" &
  server_pid=$!
  ip netns exec "$near" node "$program" device "$folder/kernel.yaml" --join ws://10.231.0.2:8750 --name only --quiet
  wait "$server_pid"
  server_pid=""
  node "$program" train "$folder/emulated.yaml" --clock wall --quiet --record "$folder/emulated-$repeat.jsonl"
done

node --input-type=module - "$folder" "$up" "$down" <<'JS'
import { readdirSync, readFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
const [folder, up, down] = process.argv.slice(2);
const steps = (kind) =>
  readdirSync(folder)
    .filter((name) => name.startsWith(`${kind}-`))
    .flatMap((name) => readFileSync(`${folder}/${name}`, 'utf8').trimEnd().split('\n'))
    .map((line) => JSON.parse(line))
    .filter((record) => record.kind === 'step' && record.round > 0);
const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];
console.log(`${new Date().toISOString().slice(0, 10)}, ${cpus()[0].model} × ${cpus().length}, Node ${process.version}, load ${loadavg()[0].toFixed(1)}`);
console.log(`tc tbf ${up} Mbit/s up, ${down} Mbit/s down, against the emulated link at the same rate less packet headers`);
let worst = 0;
const rates = { uplink: Number(up), downlink: Number(down) };
for (const stage of ['uplink', 'downlink']) {
  const [kernel, emulated] = ['kernel', 'emulated'].map((kind) => steps(kind));
  const least = (list) => Math.min(...list.map(({ seconds }) => seconds[stage]));
  const bytes = median(kernel.map((step) => step[`${stage}Bytes`]));
  const ideal = (8 * bytes) / (rates[stage] * 1e6 * 0.9564);
  const ratio = least(kernel) / least(emulated);
  worst = Math.max(worst, Math.abs(ratio - 1));
  const text = (name, list) => `${name} least ${(1000 * least(list)).toFixed(2)} ms, median ${(1000 * median(list.map(({ seconds }) => seconds[stage]))).toFixed(2)} ms`;
  console.log(`${stage} of a step, ${bytes} bytes (${(1000 * ideal).toFixed(2)} ms at the rate): ${text('kernel', kernel)}; ${text('emulated', emulated)}; ratio of the least ${ratio.toFixed(4)}`);
}
console.log(`worst difference ${(100 * worst).toFixed(1)} %: ${worst <= 0.05 ? 'within' : 'NOT within'} 5 %`);
process.exitCode = worst <= 0.05 ? 0 : 1;
JS
