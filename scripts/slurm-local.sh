#!/usr/bin/env bash
# A whole Slurm cluster on this machine, for tests: slurmctld and slurmd with one node of two
# processors, without systemd, cgroups or a database.
#
#   scripts/slurm-local.sh start DIR   starts it, and prints the line that lets commands find it
#   scripts/slurm-local.sh stop DIR    stops it
#
# Needs root, and Debian's slurm-wlm and munge, which `start` installs where it can.
set -euo pipefail

usage() {
  sed -n '2,9s/^# \{0,1\}//p' "$0" >&2
  exit 2
}
[ $# -eq 2 ] || usage
[ "$(id -u)" -eq 0 ] || { echo "error: needs root" >&2; exit 1; }
mkdir -p "$2"
dir="$(cd "$2" && pwd)"

start() {
  if ! command -v slurmctld >/dev/null || ! command -v munged >/dev/null; then
    apt-get update -qq >&2
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends slurm-wlm munge >&2
  fi
  if ! munge -n </dev/null >/dev/null 2>&1; then
    install -d -o munge -g munge -m 755 /run/munge
    [ -f /etc/munge/munge.key ] || mungekey --create
    chown munge:munge /etc/munge/munge.key
    setpriv --reuid munge --regid munge --clear-groups munged --force
  fi
  mkdir -p "$dir/ctld" "$dir/d"
  # Jobs that were killed begin again after five seconds (cred_expire), not two minutes. Ports are
  # not Slurm's usual ones, so that a cluster on this machine is left alone; config_overrides: the
  # node has two processors even where the machine has one.
  cat >"$dir/slurm.conf" <<CONF
ClusterName=local
SlurmctldHost=$(hostname)(127.0.0.1)
SlurmctldPort=16817
SlurmdPort=16818
SlurmdParameters=config_overrides
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=cred_expire=5
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=sched_interval=2,bf_interval=2
MpiDefault=none
ReturnToService=2
SwitchType=switch/none
StateSaveLocation=$dir/ctld
SlurmdSpoolDir=$dir/d
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/slurmd.pid
SlurmctldLogFile=$dir/slurmctld.log
SlurmdLogFile=$dir/slurmd.log
NodeName=$(hostname) NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
  export SLURM_CONF="$dir/slurm.conf"
  slurmctld
  slurmd
  for _ in $(seq 60); do
    case "$(sinfo --noheader --format %t 2>/dev/null)" in
    idle) echo "export SLURM_CONF=$SLURM_CONF" && return ;;
    esac
    sleep 0.5
  done
  echo "error: the node does not come up; see $dir/slurmctld.log and $dir/slurmd.log" >&2
  tail -n 20 "$dir/slurmctld.log" "$dir/slurmd.log" >&2 || true
  exit 1
}

stop() {
  local name pid
  for name in slurmctld slurmd; do
    if [ -f "$dir/$name.pid" ]; then
      pid="$(cat "$dir/$name.pid")"
      kill "$pid" 2>/dev/null || true
      # Until it has ended it writes into the folder.
      for _ in $(seq 100); do
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.1
      done
    fi
  done
}

case "$1" in
start | stop) "$1" ;;
*) usage ;;
esac
