#!/bin/bash
# A SLURM of one machine, for trying the cluster's profile: controller and node are this one, and answer to it alone.
#
#     sudo workflow/slurm_loopback.sh COMMAND ...    e.g. .venv/bin/python -m snakemake --profile workflow/profiles/slurm ...
#
# Needs root and Debian's packages (apt install slurm-wlm munge). Starts munged, slurmctld and slurmd with files in a
# folder of their own, runs the command, and stops all of it when the command ends, jobs included. /etc/slurm/slurm.conf leads
# there meanwhile, for programs inside jobs look nowhere else; a machine that has one has a SLURM of its own.
set -euo pipefail
test $# -gt 0 || { echo "usage: $0 COMMAND ..." >&2; exit 2; }
test "$(id -u)" = 0 || { echo "$0: slurmd needs root" >&2; exit 2; }
for tool in munged slurmctld slurmd sinfo scancel; do
    command -v "$tool" > /dev/null || { echo "$0: no $tool: apt install slurm-wlm munge" >&2; exit 2; }
done
conf=/etc/slurm/slurm.conf
test ! -e $conf || { echo "$0: there is a $conf: this machine has a SLURM, use that" >&2; exit 2; }

place=$(mktemp -d)
stop() {
    scancel --state=PENDING --state=RUNNING --user=root 2> /dev/null || true
    sleep 1
    for name in slurmd slurmctld munged; do  # each waits until what it serves is gone
        test -f "$place/$name.pid" || continue
        number=$(cat "$place/$name.pid")
        kill "$number" 2> /dev/null || true
        for _ in $(seq 50); do kill -0 "$number" 2> /dev/null || break; sleep 0.2; done
    done
    rm -rf "$place" $conf
}
trap stop EXIT

chmod 755 "$place"
mkdir -p "$place"/{spool,state,munge}
(umask 077; dd if=/dev/urandom of="$place/munge.key" bs=1024 count=1 status=none)
munged --force --key-file="$place/munge.key" --socket="$place/munge/socket" --pid-file="$place/munged.pid" \
    --log-file="$place/munged.log" --seed-file="$place/munge.seed"
rm -f $conf  # a link that a killed run left leads nowhere
cat > "$place/slurm.conf" << END
ClusterName=loopback
SlurmctldHost=localhost
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$place/munge/socket
CredType=cred/munge
SlurmctldPort=16817
SlurmdPort=16818
SlurmctldPidFile=$place/slurmctld.pid
SlurmdPidFile=$place/slurmd.pid
SlurmctldLogFile=$place/slurmctld.log
SlurmdLogFile=$place/slurmd.log
SlurmdSpoolDir=$place/spool
StateSaveLocation=$place/state
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SchedulerType=sched/backfill
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
ReturnToService=2
MpiDefault=none
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
NodeName=localhost CPUs=$(nproc) RealMemory=$(awk '/MemTotal/ { print int($2 / 1024 * 0.9) }' /proc/meminfo) State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
END
mkdir -p "${conf%/*}"
ln -s "$place/slurm.conf" $conf
slurmctld -i
slurmd -N localhost
for _ in $(seq 30); do
    sinfo --noheader --format=%T 2> /dev/null | grep -q idle && break
    sleep 1
done
sinfo --noheader --format=%T | grep -q idle || { tail "$place"/*.log >&2; echo "$0: the node did not come up" >&2; exit 1; }

"$@"
