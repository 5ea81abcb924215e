#!/usr/bin/env python3
"""Writes the packet captures of the samples: always the same bytes (no clock, no randomness)."""
import os
import struct

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "captures")
CLIENT_MAC, SERVER_MAC = bytes.fromhex("02000000000a"), bytes.fromhex("02000000000b")
CLIENT, SERVER, OTHER = "10.0.0.10", "10.0.0.20", "192.168.7.33"
CLIENT6, SERVER6 = bytes.fromhex("fd000000000000000000000000000010"), bytes.fromhex("fd000000000000000000000000000020")


def ip4(text):
    return bytes(int(part) for part in text.split("."))


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ethernet(kind, payload, tags=()):
    header = SERVER_MAC + CLIENT_MAC
    for outer, vlan in tags:
        header += struct.pack("!HH", outer, vlan)
    return header + struct.pack("!H", kind) + payload


def ipv4(protocol, payload, src=CLIENT, dst=SERVER, options=b"", ttl=64, ident=1):
    words = 5 + len(options) // 4
    head = struct.pack("!BBHHHBBH", 0x40 | words, 0, words * 4 + len(payload), ident, 0x4000, ttl, protocol, 0)
    head += ip4(src) + ip4(dst) + options
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def ipv6(next_header, payload, src=CLIENT6, dst=SERVER6):
    return struct.pack("!IHBB", 0x60000000, len(payload), next_header, 64) + src + dst + payload


def pseudo4(src, dst, protocol, length):
    return ip4(src) + ip4(dst) + struct.pack("!BBH", 0, protocol, length)


def pseudo6(src, dst, protocol, length):
    return src + dst + struct.pack("!IHBB", length, 0, 0, protocol)


def tcp(pseudo, sport, dport, seq, ack, flags, payload=b"", options=b""):
    offset = 5 + len(options) // 4
    head = struct.pack("!HHIIBBHHH", sport, dport, seq, ack, offset << 4, flags, 65535, 0, 0) + options
    whole = head + payload
    return whole[:16] + struct.pack("!H", checksum(pseudo(6, len(whole)) + whole)) + whole[18:]


def udp(pseudo, sport, dport, payload, with_checksum=True):
    whole = struct.pack("!HHHH", sport, dport, 8 + len(payload), 0) + payload
    total = checksum(pseudo(17, len(whole)) + whole) or 0xFFFF
    return whole[:6] + struct.pack("!H", total if with_checksum else 0) + whole[8:]


def p4(src=CLIENT, dst=SERVER):
    return lambda protocol, length: pseudo4(src, dst, protocol, length)


def p6(protocol, length):
    return pseudo6(CLIENT6, SERVER6, protocol, length)


def icmp(kind, code, rest, payload):
    whole = struct.pack("!BBHI", kind, code, 0, rest) + payload
    return whole[:2] + struct.pack("!H", checksum(whole)) + whole[4:]


def http_packets():
    mss = struct.pack("!BBH", 2, 4, 1460) + b"\x01\x03\x03\x07"
    get = b"GET /index.html HTTP/1.1\r\nHost: example.test\r\nUser-Agent: sample\r\n\r\n"
    post = b"POST /form HTTP/1.1\r\nHost: example.test\r\nContent-Length: 3\r\n\r\na=1"
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
    back = p4(SERVER, CLIENT)
    yield ethernet(0x0800, ipv4(6, tcp(p4(), 40000, 80, 100, 0, 0x02, options=mss)))
    yield ethernet(0x0800, ipv4(6, tcp(back, 80, 40000, 500, 101, 0x12, options=mss), SERVER, CLIENT))
    yield ethernet(0x0800, ipv4(6, tcp(p4(), 40000, 80, 101, 501, 0x10)))
    yield ethernet(0x0800, ipv4(6, tcp(p4(), 40000, 80, 101, 501, 0x18, get)))
    yield ethernet(0x0800, ipv4(6, tcp(back, 80, 40000, 501, 101 + len(get), 0x18, answer), SERVER, CLIENT))
    yield ethernet(0x0800, ipv4(6, tcp(p4(), 40000, 80, 101 + len(get), 501 + len(answer), 0x18, post)))
    yield ethernet(0x0800, ipv4(6, tcp(p4(), 40001, 443, 7, 9, 0x18, bytes(range(64)))))
    yield ethernet(0x0800, ipv4(6, tcp(p4(), 40000, 80, 170, 540, 0x11)))


def mixed_packets():
    yield from http_packets()
    for i in range(5):
        yield ethernet(0x0800, ipv4(17, udp(p4(), 5000 + i, 53, b"\x12\x34\x01\x00\x00\x01" + bytes(6 + i)), ident=i))
    yield ethernet(0x0800, ipv4(17, udp(p4(), 5100, 9999, b"refused"), ident=40))
    yield ethernet(0x0800, ipv4(17, udp(p4(), 5101, 123, b"no checksum", False), ident=41))
    yield ethernet(0x0800, ipv4(17, udp(p4(OTHER), 5102, 53, b"other"), OTHER, ident=42))
    for i in range(3):
        yield ethernet(0x0800, ipv4(1, icmp(8, 0, (7 << 16) | i, b"ping" * 8), ident=60 + i))
    yield ethernet(0x0800, ipv4(17, udp(p4(), 5200, 53, b"options"), options=b"\x94\x04\x00\x00", ident=70))
    yield ethernet(0x0806, bytes.fromhex("0001080006040001") + CLIENT_MAC + ip4(CLIENT) + bytes(6) + ip4(SERVER))
    yield ethernet(0x0800, ipv4(6, tcp(p4(), 40002, 22, 1, 0, 0x02), ident=80), tags=[(0x8100, 100)])
    yield ethernet(0x0800, ipv4(17, udp(p4(), 5300, 53, b"two tags"), ident=81), tags=[(0x88A8, 10), (0x8100, 20)])
    yield ethernet(0x86DD, ipv6(6, tcp(p6, 40003, 80, 1, 0, 0x02, options=b"\x02\x04\x05\xa0")))
    yield ethernet(0x86DD, ipv6(17, udp(p6, 5400, 53, b"six")))
    yield ethernet(0x86DD, ipv6(58, icmp(128, 0, 1, b"ping six")))
    hop = struct.pack("!BB", 60, 0) + b"\x01\x04" + bytes(4)
    destination = struct.pack("!BB", 17, 1) + b"\x01\x0c" + bytes(12)
    yield ethernet(0x86DD, ipv6(0, hop + destination + udp(p6, 5401, 53, b"extensions")))


def odd_packets():
    whole = ethernet(0x0800, ipv4(6, tcp(p4(), 40100, 80, 1, 0, 0x02, options=b"\x02\x04\x05\xb4")))
    for length in (14, 15, 20, 33, 34, 37, 38, 41, 42, 53, 54, 57):
        yield whole[:length], len(whole)
    tagged = ethernet(0x0800, ipv4(17, udp(p4(), 1, 2, b"cut")), tags=[(0x8100, 5)])
    for length in (16, 17, 18, 30, 38):
        yield tagged[:length], len(tagged)
    six = ethernet(0x86DD, ipv6(0, struct.pack("!BB", 6, 4) + bytes(6) + bytes(24)))
    for length in (40, 54, 62, len(six)):
        yield six[:length], len(six)
    yield ethernet(0x0800, b"\x42" + ipv4(17, b"")[1:] + bytes(20)), None
    yield ethernet(0x0800, ipv4(6, tcp(p4(), 3, 4, 0, 0, 0, options=b"\x02\x02\x02\x00\x05\x63\x01\x01"))), None
    yield ethernet(0x0800, ipv4(132, bytes(32))), None
    yield ethernet(0x0800, ipv4(17, udp(p4(), 6000, 53, bytes(1400)))), None


def pcap(path, packets):
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for number, packet in enumerate(packets):
            data, length = packet if isinstance(packet, tuple) else (packet, None)
            file.write(struct.pack("<IIII", 1_700_000_000 + number, number * 1000, len(data), length or len(data)))
            file.write(data)


def block(kind, body):
    body += bytes(-len(body) % 4)
    return struct.pack("<II", kind, len(body) + 12) + body + struct.pack("<I", len(body) + 12)


def pcapng(path, packets):
    with open(path, "wb") as file:
        file.write(block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)))
        file.write(block(1, struct.pack("<HHI", 1, 0, 65535) + struct.pack("<HHB3xHH", 9, 1, 9, 0, 0)))
        for number, (data, length) in enumerate(packets):
            time = (1_700_000_000 + number) * 1_000_000_000
            head = struct.pack("<IIIII", 0, time >> 32, time & 0xFFFFFFFF, len(data), length or len(data))
            file.write(block(6, head + data))


if __name__ == "__main__":
    os.makedirs(HERE, exist_ok=True)
    pcap(os.path.join(HERE, "http.pcap"), http_packets())
    pcap(os.path.join(HERE, "mixed.pcap"), mixed_packets())
    pcapng(os.path.join(HERE, "odd.pcapng"), odd_packets())
