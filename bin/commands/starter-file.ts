/** What `sft-opt init` writes. Every value shown is either needed or the default. */
export const starterFile = `# A cell for sft-opt: who fine-tunes what, over which links. Quantities carry their unit (20 MHz, 23 dBm, 4 GiB,
# 1.2 TFLOP/s, 120 m); plain numbers are in the SI unit. Everything commented out shows its default.
# docs/format.md lists every key; \`sft-opt check\` shows what a file stands for, \`sft-opt solve\` plans it.
version: 1
name: my cell
seed: 1                     # of everything drawn: positions, shadowing, throughputs

model: vit-b16              # or gpt2, bert-base, llama-2-7b, … or an explicit shape

lora:
  rank: 8
  targets: [query, value]

training:
  batchSize: 16
  stepsPerRound: 10         # local steps between two aggregations
  # activations: keep       # or recompute: less memory, one more forward
  # weightBytes: 4          # 2 for FP16, 0.5 for 4-bit weights

accuracy:
  maximumLoss: 1 %          # against no compression; or minimum: 90 %
  # scope: mean             # or each: every device keeps the limit
  allowOtherModel: true     # the default losses were measured on deit-tiny: replace them by your own fit
  # up: { family: power, scale: 0.002, exponent: 0.9, cut: { decay: 0.5 } }

radio:
  bandwidth: 20 MHz
  # resourceBlock: 180 kHz  # shares in whole blocks
  # pathLoss: macro         # or uma, umi, log-distance, free-space
  # shadowing: 8 dB
  # fading: rayleigh        # planned on its 10 % quantile

server:
  throughput: 20 TFLOP/s
  memory: 24 GiB
  # sharing: allocated      # or equal, batched

# deadline: 2 min           # longest round accepted

# pinned:                   # decisions that are not to be optimised, for all devices
#   blocks: 4
#   bandwidth: equal

devices:
  - name: phone             # a group: phone-1 … phone-6
    count: 6
    throughput: { logNormal: { median: 60 GFLOP/s, sigma: 0.4 } }
    memory: { choice: [1.5 GiB, 2 GiB, 3 GiB] }
    distance: { disc: { radius: 250 m, minimum: 30 m } }
    # transmitPower: 23 dBm
  - name: laptop            # a single device
    throughput: 500 GFLOP/s
    memory: 6 GiB
    distance: 60 m
    # minimumBandwidth: 180 kHz
    # optional: true        # may be left out of the round
    # pinned: { blocks: 8, bandwidth: 2 MHz }
`;
