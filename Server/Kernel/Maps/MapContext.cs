using WebBpf.Kernel.Memory;

namespace WebBpf.Kernel.Maps;

/// <summary>
/// What a map needs of its kernel: memory, the number of virtual CPUs, and the table that leads from a header in the sandbox back to the map.
/// The header (16 bytes at <see cref="BpfMap.Address"/>) only names a slot of the table; that the map in this slot has its header at that very
/// address is checked, so that a spoilt or outdated header reaches no other map.
/// </summary>
public sealed unsafe partial class MapContext
{
    private const uint HeaderSize = 16;
    private readonly Lock _lock = new();
    private readonly Stack<int> _free = [];
    private BpfMap?[] _maps = new BpfMap?[64];
    private int _used;

    public MapContext(BpfMemory memory, int cpus)
    {
        Memory = memory;
        Cpus = cpus;
    }

    public BpfMemory Memory { get; }

    /// <summary>Possible CPUs: copies of a per-CPU value.</summary>
    public int Cpus { get; }

    /// <summary>The map whose header lies at an address that a program holds; null where there is none (any more).</summary>
    public BpfMap? Find(ulong address)
    {
        BpfMap?[] maps = _maps;
        uint index = *(uint*)(Memory.Base + (uint)address);
        if (index >= (uint)maps.Length)
            return null;
        BpfMap? map = maps[index];
        return map is not null && (uint)map.Address == (uint)address ? map : null;
    }

    /// <summary>Gives a map its header; returns the address, or 0 where there is no room.</summary>
    internal ulong Register(BpfMap map)
    {
        ulong address = Memory.Allocate(HeaderSize);
        if (address == 0)
            return 0;
        lock (_lock)
        {
            if (!_free.TryPop(out int index))
                index = _used++;
            BpfMap?[] maps = _maps;
            if (index == maps.Length)
                Array.Resize(ref maps, index * 2);
            *(uint*)Memory.Resolve(address) = (uint)index;
            Volatile.Write(ref maps[index], map);
            Volatile.Write(ref _maps, maps);
        }

        return address;
    }

    /// <summary>Takes the header back. Nobody may hold the map's address any more.</summary>
    internal void Unregister(BpfMap map)
    {
        lock (_lock)
        {
            int index = Array.IndexOf(_maps, map);
            if (index < 0)
                return;
            _maps[index] = null;
            _free.Push(index);
        }

        Memory.Free(map.Address, HeaderSize);
    }
}
