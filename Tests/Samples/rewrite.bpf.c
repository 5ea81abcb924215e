// SPDX-License-Identifier: MIT
/* Rewrites the destination of TCP and UDP packets over IPv4 by a table, and mends both checksums. */
#include <stddef.h>
#include "packet.h"

#define IP_OFFSET sizeof(struct eth_header)

struct endpoint {
	__be32 address;
	__be16 port;
	__u16 pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, struct endpoint);
	__type(value, struct endpoint);
} services SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u64);
} rewritten SEC(".maps");

static __always_inline void count(__u32 what)
{
	__u64 *value = bpf_map_lookup_elem(&rewritten, &what);

	if (value)
		__sync_fetch_and_add(value, 1);
}

SEC("tc")
int rewrite_destination(struct __sk_buff *skb)
{
	struct ipv4_header ip;
	struct udp_header ports;
	struct endpoint from = {};
	struct endpoint *to;
	__u32 transport, checksum;
	__u64 flags = BPF_F_PSEUDO_HDR;

	if (skb->protocol != bpf_htons(ETHERTYPE_IPV4))
		return TC_OK;
	if (bpf_skb_load_bytes(skb, IP_OFFSET, &ip, sizeof(ip)) < 0)
		return TC_OK;
	transport = IP_OFFSET + (ip.version_ihl & 0xf) * 4;
	if (ip.protocol == PROTO_TCP) {
		checksum = transport + offsetof(struct tcp_header, checksum);
	} else if (ip.protocol == PROTO_UDP) {
		checksum = transport + offsetof(struct udp_header, checksum);
		flags |= BPF_F_MARK_MANGLED_0;
	} else {
		return TC_OK;
	}
	if (bpf_skb_load_bytes(skb, transport, &ports, sizeof(ports)) < 0)
		return TC_OK;

	from.address = ip.dst;
	from.port = ports.dst;
	to = bpf_map_lookup_elem(&services, &from);
	if (!to) {
		count(0);
		return TC_OK;
	}

	if (bpf_l4_csum_replace(skb, checksum, ip.dst, to->address, flags | sizeof(to->address)) < 0)
		return TC_DROP;
	if (bpf_l4_csum_replace(skb, checksum, ports.dst, to->port, (flags & ~BPF_F_PSEUDO_HDR) | sizeof(to->port)) < 0)
		return TC_DROP;
	if (bpf_l3_csum_replace(skb, IP_OFFSET + offsetof(struct ipv4_header, checksum), ip.dst, to->address, sizeof(to->address)) < 0)
		return TC_DROP;
	if (bpf_skb_store_bytes(skb, IP_OFFSET + offsetof(struct ipv4_header, dst), &to->address, sizeof(to->address), 0) < 0)
		return TC_DROP;
	if (bpf_skb_store_bytes(skb, transport + offsetof(struct udp_header, dst), &to->port, sizeof(to->port), 0) < 0)
		return TC_DROP;
	count(1);
	return TC_OK;
}

char _license[] SEC("license") = "GPL";
