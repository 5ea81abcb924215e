using WebBpf.Kernel.Syscall;
using WebBpf.Kernel.Uapi;
using WebBpf.Server.Api.Codec;
using WebBpf.Shared.Wire;

namespace WebBpf.Server.Api.Maps;

/// <summary>The elements of one map, read and written by system calls.</summary>
public sealed class MapEntries
{
    private readonly Desk _desk;
    private readonly int _fd;
    private readonly MapShape _shape;
    private readonly uint _valueSize;
    private readonly EntryFormat _format;
    private readonly UserBuffer _key;
    private readonly UserBuffer _next;
    private readonly UserBuffer _value;

    public MapEntries(Desk desk, int fd, MapInfo map)
    {
        _desk = desk;
        _fd = fd;
        _valueSize = map.BytesValue;
        _shape = CallRunner.Shape(desk.Task, fd) ?? throw ApiException.NotFound($"map {map.Id}: it is gone.");
        _format = EntryFormat.Of(desk, fd, map);
        _key = desk.Memory.Arena.Allocate(_shape.KeySize);
        _next = desk.Memory.Arena.Allocate(_shape.KeySize);
        _value = desk.Memory.Arena.Allocate(_shape.ValueSize);
    }

    /// <summary>Elements after the key <paramref name="cursor"/> (hex), which need not exist any more: then the walk begins anew, as the kernel's does.</summary>
    public Page<MapEntry> List(string? cursor, int limit, string? filter)
    {
        bool first = cursor is null;
        if (cursor is not null)
            SetKey("cursor", cursor);
        var found = new List<MapEntry>();
        while (true)
        {
            long ret = _desk.Port.Element(BpfCommand.MapGetNextKey, _fd, first ? 0 : _key.Address, _next.Address);
            if (ret == -Errno.ENOENT)
                return new Page<MapEntry>(found, null);
            CallStatus.Check(ret, "next key");
            if (found.Count == limit)
                return new Page<MapEntry>(found, Hex.Of(_key.Span));
            first = false;
            _next.Span.CopyTo(_key.Span);
            MapEntry? entry = Lookup();
            if (entry is not null && (filter is null || Matches(entry, filter)))
                found.Add(entry);
            _desk.Caller.Cancellation.ThrowIfCancellationRequested();
        }
    }

    /// <exception cref="ApiException">404 where there is no such key.</exception>
    public MapEntry Get(string key)
    {
        SetKey("key", key);
        CallStatus.Check(_desk.Port.Element(BpfCommand.MapLookupElem, _fd, _key.Address, _value.Address), $"key {key}");
        return Entry();
    }

    /// <summary>Writes a value; of a per-CPU map one value may be given for all CPUs.</summary>
    public Task Put(string key, MapEntryWrite write)
    {
        SetKey("key", key);
        byte[] value = Hex.Parse("value", write.Value);
        int stride = (int)(_valueSize + 7) & ~7;
        if (value.Length == _valueSize && _shape.ValueSize != _valueSize)
        {
            _value.Span.Clear();
            for (int at = 0; at < _value.Length; at += stride)
                value.CopyTo(_value.Span[at..]);
        }
        else if (value.Length == _value.Length)
        {
            value.CopyTo(_value.Span);
        }
        else
        {
            throw ApiException.Bad("value", $"{_shape.ValueSize} bytes are expected, not {value.Length}.");
        }

        var receipt = new CallReceipt();
        CallStatus.Check(Port(receipt).Element(BpfCommand.MapUpdateElem, _fd, _key.Address, _value.Address, write.Flags ?? 0), $"key {key}");
        return receipt.Durable;
    }

    public Task Delete(string key)
    {
        SetKey("key", key);
        var receipt = new CallReceipt();
        CallStatus.Check(Port(receipt).Element(BpfCommand.MapDeleteElem, _fd, _key.Address, 0), $"key {key}");
        return receipt.Durable;
    }

    private BpfPort Port(CallReceipt receipt) => new(_desk.Backend, _desk.Memory.Arena, _desk.Call() with { Receipt = receipt });

    private MapEntry? Lookup()
    {
        long ret = _desk.Port.Element(BpfCommand.MapLookupElem, _fd, _key.Address, _value.Address);
        if (ret == -Errno.ENOENT)
            return null;
        CallStatus.Check(ret, "lookup");
        return Entry();
    }

    private MapEntry Entry()
    {
        string key = Hex.Of(_key.Span);
        if (_shape.ValueSize == _valueSize)
            return new MapEntry(key, Hex.Of(_value.Span), null, _format.Format(_key.Span, _value.Span));
        int stride = (int)(_valueSize + 7) & ~7;
        var values = new List<CpuValue>();
        for (int cpu = 0; cpu * stride < _value.Length; cpu++)
            values.Add(new CpuValue(cpu, Hex.Of(_value.Span.Slice(cpu * stride, (int)_valueSize))));
        return new MapEntry(key, Hex.Of(_value.Span), values, _format.FormatPerCpu(_key.Span, _value.Span, stride, (int)_valueSize));
    }

    private static bool Matches(MapEntry entry, string filter)
    {
        if (entry.Key.Contains(filter, StringComparison.OrdinalIgnoreCase) || entry.Value?.Contains(filter, StringComparison.OrdinalIgnoreCase) == true)
            return true;
        return entry.Formatted is not null
            && System.Text.Json.JsonSerializer.Serialize(entry.Formatted, WireJson.Options).Contains(filter, StringComparison.OrdinalIgnoreCase);
    }

    private void SetKey(string field, string hex)
    {
        byte[] key = Hex.Parse(field, hex);
        if (key.Length != _shape.KeySize)
            throw ApiException.Bad(field, $"{_shape.KeySize} bytes are expected, not {key.Length}.");
        key.CopyTo(_key.Span);
    }
}
