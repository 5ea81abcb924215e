using WebBpf.Kernel.Maps;
using WebBpf.Kernel.Memory;
using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Tests.Kernel.Maps;

/// <summary>A kernel's memory and a few shorthands to make and use maps in it.</summary>
internal sealed unsafe class MapBench : IDisposable
{
    public const int Cpus = 3;
    private readonly List<BpfMap> _maps = [];

    public BpfMemory Memory { get; } = new();
    public MapContext Context { get; }
    public BpfTask Task { get; } = new() { Pid = 1 };

    public MapBench()
    {
        Context = new MapContext(Memory, Cpus);
    }

    public void Dispose()
    {
        foreach (BpfMap map in _maps)
            map.Put();
        Memory.Dispose();
    }

    public int TryMake(MapDefinition definition, out BpfMap? map)
    {
        map = null;
        MapFamily family = MapRegistry.Find(definition.Type) ?? throw new InvalidOperationException($"{definition.Type} is not registered.");
        int error = family.CheckCreate(definition, Task);
        if (error == 0)
            error = family.Create(definition, Context, out map);
        if (map is not null)
            _maps.Add(map);
        return error;
    }

    public BpfMap Make(BpfMapType type, uint key, uint value, uint entries, uint flags = 0)
    {
        int error = TryMake(new MapDefinition(type, key, value, entries) { Flags = flags }, out BpfMap? map);
        return map ?? throw new InvalidOperationException($"Map was refused: {Errno.Name(error)}.");
    }

    public static byte[] Bytes(ulong value, uint size)
    {
        byte[] bytes = new byte[size];
        for (int i = 0; i < Math.Min(8, bytes.Length); i++)
            bytes[i] = (byte)(value >> (8 * i));
        return bytes;
    }

    /// <summary>Puts bytes where programs can reach them.</summary>
    public ulong Place(ReadOnlySpan<byte> bytes)
    {
        ulong address = Memory.Allocate((ulong)bytes.Length);
        bytes.CopyTo(new Span<byte>((byte*)address, bytes.Length));
        return address;
    }

    public ulong Place(ulong value, uint size) => Place(Bytes(value, size));
}
