#!/bin/sh
# Installs SLURM and munge from Debian and runs a cluster of this machine alone: munged, slurmctld, and one slurmd for each of
# two nodes that share its processors. For tests of `sft-opt sweep submit`, as root, without systemd. Safe to run again.
set -eu
nodes=2
state=/var/lib/sft-opt-slurm
slurm_conf=/etc/slurm/slurm.conf
mark='# written by scripts/setup-slurm.sh'

[ "$(id -u)" = 0 ] || { echo 'setup-slurm: needs to be root' >&2; exit 1; }
if ! command -v sbatch >/dev/null || ! command -v munged >/dev/null; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends slurm-wlm munge >/dev/null
fi
if [ -e "$slurm_conf" ] && ! grep -qxF "$mark" "$slurm_conf"; then
  echo "setup-slurm: $slurm_conf is of somebody else; left as it is" >&2
  exit 1
fi

mkdir -p "$state/controller" /run/munge
chown munge: /run/munge /etc/munge/munge.key
chmod 755 /run/munge
host=$(hostname -s)
processors=$(nproc)
memory=$(awk '/^MemTotal/ { print int($2 / 1024 * 0.9) }' /proc/meminfo)
{
  echo "$mark"
  cat <<EOF
ClusterName=sft-opt
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
# A task of a lost node begins again when its credential has run out: seconds here, two minutes by default.
AuthInfo=cred_expire=5
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
JobAcctGatherType=jobacct_gather/none
StateSaveLocation=$state/controller
SlurmdSpoolDir=$state/%n
SlurmctldPidFile=$state/slurmctld.pid
SlurmdPidFile=$state/%n.pid
SlurmctldLogFile=$state/slurmctld.log
SlurmdLogFile=$state/%n.log
SlurmctldPort=16817
SlurmdTimeout=15
MpiDefault=none
KillWait=2
MinJobAge=300
SchedulerParameters=sched_interval=1,sched_min_interval=0,batch_sched_delay=0
MailProg=/bin/true
EOF
  for node in $(seq "$nodes"); do
    echo "NodeName=part$node NodeHostname=$host NodeAddr=127.0.0.1 Port=$((16820 + node)) CPUs=$processors RealMemory=$memory State=UNKNOWN"
  done
  echo "PartitionName=all Nodes=part[1-$nodes] Default=YES MaxTime=INFINITE State=UP"
} >"$slurm_conf.new"
mv "$slurm_conf.new" "$slurm_conf"

start() { # name of the process file, command…
  file=$1
  shift
  if [ -e "$file" ] && kill -0 "$(cat "$file")" 2>/dev/null; then return; fi
  "$@"
}
start /run/munge/munged.pid runuser -u munge -- munged
start "$state/slurmctld.pid" slurmctld
for node in $(seq "$nodes"); do
  mkdir -p "$state/part$node"
  start "$state/part$node.pid" slurmd -N "part$node"
done
for _ in $(seq 60); do
  in_service=$(sinfo -h -N -o %T 2>/dev/null | grep -cx -e idle -e mixed -e allocated || true)
  [ "$in_service" = "$nodes" ] && { sinfo; exit 0; }
  sleep 0.5
done
sinfo
echo "setup-slurm: not all nodes came up; see $state/*.log" >&2
exit 1
