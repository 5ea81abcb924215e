// SPDX-License-Identifier: MIT
/* Accounts packets of a cgroup per remote address in a per-CPU hash, and refuses those to one port. */
#include "packet.h"

struct usage {
	__u64 packets;
	__u64 bytes;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 128);
	__type(key, __be32);
	__type(value, struct usage);
} remotes SEC(".maps");

const volatile __u16 refused_port = 9999;

static __always_inline void add(__be32 remote, __u32 bytes)
{
	struct usage *usage = bpf_map_lookup_elem(&remotes, &remote);

	if (usage) {
		usage->packets++;
		usage->bytes += bytes;
	} else {
		struct usage fresh = { 1, bytes };

		bpf_map_update_elem(&remotes, &remote, &fresh, BPF_ANY);
	}
}

SEC("cgroup_skb/egress")
int account_egress(struct __sk_buff *skb)
{
	void *data = (void *)(long)skb->data;
	void *end = (void *)(long)skb->data_end;
	struct ipv4_header *ip = data;

	if ((void *)(ip + 1) > end || (ip->version_ihl >> 4) != 4)
		return 1;
	if (ip->protocol == PROTO_UDP) {
		struct udp_header *udp = (void *)(ip + 1);

		if ((void *)(udp + 1) <= end && udp->dst == bpf_htons(refused_port))
			return 0;
	}
	add(ip->dst, skb->len);
	return 1;
}

SEC("cgroup_skb/ingress")
int account_ingress(struct __sk_buff *skb)
{
	void *data = (void *)(long)skb->data;
	void *end = (void *)(long)skb->data_end;
	struct ipv4_header *ip = data;

	if ((void *)(ip + 1) <= end && (ip->version_ihl >> 4) == 4)
		add(ip->src, skb->len);
	return 1;
}

char _license[] SEC("license") = "GPL";
