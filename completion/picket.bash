# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion for picket(1)

_picket()
{
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} words=
    local verb=${COMP_WORDS[1]} common='--json --help -h' family='-4 -6 --ipv4 --ipv6'

    if [ "$COMP_CWORD" -eq 1 ]; then
        words='status check diff apply rule conn undo save explain detach record demo telemetry posit bench address help --version --help'
        mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
        return
    fi
    case $prev in
    --hook) words='auto netfilter tc xdp' ;;
    --classifier) words='auto lbvs' ;;
    --dev | in | out)
        for dev in /sys/class/net/*; do words+=" ${dev##*/}"; done ;;
    --workload | --print-rules) words='five-tuple mixed blocklist acl fw ipc' ;;
    --part) words='rates costs ddos state syn all' ;;
    --family) words='ipv4 ipv6'
        [ "$verb" != bench ] || words+=' all' ;;
    --proto) words='tcp udp icmp ipv6-icmp sctp dccp gre' ;;
    --state) # of bench, it takes no argument
        [ "$verb" != conn ] || words='SYN_SENT SYN_RECV ESTABLISHED FIN_WAIT CLOSE_WAIT LAST_ACK TIME_WAIT
            CLOSED COOKIE_WAIT COOKIE_ECHOED SHUTDOWN_SENT SHUTDOWN_RECD SHUTDOWN_ACK_SENT HEARTBEAT_SENT' ;;
    --status) words='SEEN_REPLY UNREPLIED ASSURED CONFIRMED EXPECTED SRC_NAT DST_NAT' ;;
    --event) words='new update destroy' ;;
    --state-liberal) words='on off' ;;
    --state-zone)
        for dev in /sys/class/net/*; do words+=" ${dev##*/}="; done ;;
    --traffic) words='miss uniform zipf adversarial random all' ;;
    --format) words='csv jsonl openmetrics'
        [ "$verb" != address ] || words='table csv jsonl openmetrics rules' ;;
    --rules | --svg | --db | --mac-dates | --key | --secret-file | --root | --fix-script)
        [ "$verb" != bench ] || [ "$prev" != --rules ] || return
        compopt -o filenames
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
        return ;;
    --interface-id | --network-id | --conflicts | --kind | --iid | --in | --packets | --entropy | --vendor | --rate | --from | --to | --step | --url | --memory-max | --state-max | --state-timeout | --frame | --rounds | --time | --only |\
        --src | --dst | --reply-src | --reply-dst | --sport | --dport | --mark | --zone | --count | --series-max | --keep |\
        --size-max | --samples) return ;;
    help) words='status check diff apply rule conn undo save explain detach record demo telemetry posit bench address' ;;
    esac
    if [ -n "$words" ]; then
        mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
        return
    fi
    case $verb in
    check) words="--plan --hook --counters -c --classifier --memory-max --filter-only $family" ;;
    diff) words="--filter-only $family" ;;
    apply) words="--dev --hook --counters -c --classifier --memory-max --state-max --state-timeout --state-liberal"
        words+=" --state-zone"
        words+=" --filter-only $family" ;;
    rule) words="$family INPUT FORWARD OUTPUT"
        [ "$COMP_CWORD" -ne 2 ] || words="$family append insert replace delete" ;;
    conn) words='-p -s -d --proto --src --dst --reply-src --reply-dst --sport --dport --state --status'
        words+=' --mark --zone --family --event --count --all'
        [ "$COMP_CWORD" -ne 2 ] || words+=' list count delete watch' ;;
    save) words="--counters -c $family" ;;
    explain) words="--rules --frame --all $family"
        [[ $cur == -* ]] || words+=' in out to flags type state new established related invalid untracked
            tcp udp icmp icmpv6 sctp dccp udplite' ;;
    demo) words=--hook ;;
    bench) words='--part --ddos --state --syn --workload --family --traffic --rules --only --full --quick --rounds --time'
        words+=' --svg --print-rules' ;;
    record) words='--db --series-max --keep --size-max --samples' ;;
    telemetry) words='--db --from --to --step --format --url'
        [ "$COMP_CWORD" -ne 2 ] || words+=' query export push inspect' ;;
    address) words='--kind --iid --in --unique -u --statistics -s --entropy --binary --format --mac-dates'
        words+=' --vendor --rate --redact --key --packets --svg --bits'
        words+=' --interface-id --network-id --secret-file --conflicts --kernel --root --also --fix-script'
        [ "$COMP_CWORD" -ne 2 ] || words+=' classify map space watch iid audit' ;;
    posit) [ "$COMP_CWORD" -ne 2 ] || words='8 16 32 64' ;;
    status | undo | detach) ;;
    *) return ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words $common" -- "$cur")
    case $verb in
    check | diff | apply | address)
        if [[ $cur != -* ]]; then
            compopt -o filenames
            mapfile -t COMPREPLY < <(compgen -f -- "$cur")
        fi ;;
    esac
}
complete -F _picket picket
