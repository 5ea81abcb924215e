// SPDX-License-Identifier: MIT
/* A socket filter that lets only HTTP requests and answers through, whole, and counts them by kind. */
#include "packet.h"

enum kind {
	KIND_GET,
	KIND_POST,
	KIND_ANSWER,
	KIND_OTHER,
	KINDS,
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, KINDS);
	__type(key, __u32);
	__type(value, __u64);
} kinds SEC(".maps");

static __always_inline __u32 classify(const char *text)
{
	if (text[0] == 'G' && text[1] == 'E' && text[2] == 'T' && text[3] == ' ')
		return KIND_GET;
	if (text[0] == 'P' && text[1] == 'O' && text[2] == 'S' && text[3] == 'T')
		return KIND_POST;
	if (text[0] == 'H' && text[1] == 'T' && text[2] == 'T' && text[3] == 'P')
		return KIND_ANSWER;
	return KIND_OTHER;
}

SEC("socket")
int only_http(struct __sk_buff *skb)
{
	struct ipv4_header ip;
	struct tcp_header tcp;
	char text[4];
	__u32 start, kind;
	__u64 *counter;

	if (skb->protocol != bpf_htons(ETHERTYPE_IPV4))
		return 0;
	if (bpf_skb_load_bytes_relative(skb, 0, &ip, sizeof(ip), BPF_HDR_START_NET) < 0 || ip.protocol != PROTO_TCP)
		return 0;
	start = (ip.version_ihl & 0xf) * 4;
	if (bpf_skb_load_bytes_relative(skb, start, &tcp, sizeof(tcp), BPF_HDR_START_NET) < 0)
		return 0;
	start += (tcp.offset >> 4) * 4;
	if (bpf_skb_load_bytes_relative(skb, start, text, sizeof(text), BPF_HDR_START_NET) < 0)
		return 0;

	kind = classify(text);
	counter = bpf_map_lookup_elem(&kinds, &kind);
	if (counter)
		__sync_fetch_and_add(counter, 1);
	return kind == KIND_OTHER ? 0 : skb->len;
}

char _license[] SEC("license") = "GPL";
