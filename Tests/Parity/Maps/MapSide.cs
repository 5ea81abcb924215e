using WebBpf.Kernel.Maps;
using WebBpf.Kernel.Memory;
using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Syscall;
using WebBpf.Kernel.Uapi;
using WebBpf.Linux;
using WebBpf.Tests.Parity.Syscall;

namespace WebBpf.Tests.Parity.Maps;

/// <summary>One of the two kernels, with the operations on maps that are compared. Maps are named by their order of creation, from 0.</summary>
internal interface IMapSide : IDisposable
{
    /// <param name="inner">Number of the map that serves as template; -1 for none.</param>
    int Create(BpfMapType type, uint key, uint value, uint entries, uint flags, int inner);

    int Lookup(int map, byte[] key, Span<byte> value, ulong flags);

    int Update(int map, byte[] key, ReadOnlySpan<byte> value, ulong flags);

    int Delete(int map, byte[] key);

    int Next(int map, byte[]? key, Span<byte> next);

    /// <summary>Bytes that are written into a map of maps to mean a map.</summary>
    byte[] Fd(int map);
}

/// <summary>A kernel behind the door.</summary>
internal sealed class DoorSide : IMapSide
{
    private const int LargestValue = 1 << 16;
    private readonly Caller _caller;
    private readonly List<long> _fds = [];
    private readonly UserBuffer _key;
    private readonly UserBuffer _value;

    public DoorSide(IBpfBackend kernel)
    {
        _caller = new Caller(kernel);
        _key = _caller.Memory.Allocate(512);
        _value = _caller.Memory.Allocate(LargestValue);
    }

    public int Create(BpfMapType type, uint key, uint value, uint entries, uint flags, int inner)
    {
        long fd = _caller.Call(
            BpfCommand.MapCreate,
            ("map_type", (ulong)type),
            ("key_size", key),
            ("value_size", value),
            ("max_entries", entries),
            ("map_flags", flags),
            ("inner_map_fd", inner < 0 ? 0 : (ulong)_fds[inner]));
        if (fd >= 0)
            _fds.Add(fd);
        return fd >= 0 ? 0 : (int)fd;
    }

    public int Lookup(int map, byte[] key, Span<byte> value, ulong flags)
    {
        key.CopyTo(_key.Span);
        int result = (int)_caller.Call(BpfCommand.MapLookupElem, ("map_fd", (ulong)_fds[map]), ("key", _key.Address), ("value", _value.Address), ("flags", flags));
        if (result == 0)
            _value.Span[..value.Length].CopyTo(value);
        return result;
    }

    public int Update(int map, byte[] key, ReadOnlySpan<byte> value, ulong flags)
    {
        key.CopyTo(_key.Span);
        value.CopyTo(_value.Span);
        return (int)_caller.Call(BpfCommand.MapUpdateElem, ("map_fd", (ulong)_fds[map]), ("key", _key.Address), ("value", _value.Address), ("flags", flags));
    }

    public int Delete(int map, byte[] key)
    {
        key.CopyTo(_key.Span);
        return (int)_caller.Call(BpfCommand.MapDeleteElem, ("map_fd", (ulong)_fds[map]), ("key", _key.Address));
    }

    public int Next(int map, byte[]? key, Span<byte> next)
    {
        key?.CopyTo(_key.Span);
        int result = (int)_caller.Call(
            BpfCommand.MapGetNextKey,
            ("map_fd", (ulong)_fds[map]),
            ("key", key is null ? 0 : _key.Address),
            ("next_key", _value.Address));
        if (result == 0)
            _value.Span[..next.Length].CopyTo(next);
        return result;
    }

    public byte[] Fd(int map) => BitConverter.GetBytes(map < 0 ? map : (int)_fds[map]);

    public void Dispose() => _caller.Dispose();
}

/// <summary>Our maps without the door, with as many CPUs as the machine.</summary>
internal sealed class FamilySide : IMapSide, IMapFdResolver
{
    private readonly BpfMemory _memory = new();
    private readonly MapContext _context;
    private readonly List<BpfMap> _maps = [];
    private readonly BpfTask _task = new() { Pid = 1 };

    public FamilySide(int cpus)
    {
        _context = new MapContext(_memory, cpus);
    }

    public int Create(BpfMapType type, uint key, uint value, uint entries, uint flags, int inner)
    {
        // What MAP_CREATE checks before it asks the family: not both read-only and write-only.
        if ((flags & (MapFlags.Rdonly | MapFlags.Wronly)) == (MapFlags.Rdonly | MapFlags.Wronly))
            return -Errno.EINVAL;
        var definition = new MapDefinition(type, key, value, entries) { Flags = flags, InnerMap = inner < 0 ? null : _maps[inner] };
        MapFamily family = MapRegistry.Find(type)!;
        int error = family.CheckCreate(definition, _task);
        if (error == 0 && (error = family.Create(definition, _context, out BpfMap? map)) == 0)
            _maps.Add(map!);
        return error;
    }

    public int Lookup(int map, byte[] key, Span<byte> value, ulong flags) => _maps[map].LookupElem(key, value, flags);

    public int Update(int map, byte[] key, ReadOnlySpan<byte> value, ulong flags) => _maps[map].UpdateElem(key, value, flags, new MapCaller(_task, this));

    public int Delete(int map, byte[] key) => _maps[map].DeleteElem(key);

    public int Next(int map, byte[]? key, Span<byte> next) => _maps[map].GetNextKey(key, next);

    public byte[] Fd(int map) => BitConverter.GetBytes(map);

    public WebBpf.Kernel.Programs.BpfProgram? GetProgram(int fd, out int error)
    {
        error = fd >= 0 && fd < _maps.Count ? -Errno.EINVAL : -Errno.EBADF;
        return null;
    }

    public BpfMap? GetMap(int fd, out int error)
    {
        error = -Errno.EBADF;
        if (fd < 0 || fd >= _maps.Count)
            return null;
        error = 0;
        _maps[fd].Get();
        return _maps[fd];
    }

    public KernelObject? GetPerfEvent(int fd, out int error)
    {
        error = -Errno.EBADF;
        return null;
    }

    public void Dispose()
    {
        foreach (BpfMap map in Enumerable.Reverse(_maps))
            map.Put();
        _memory.Dispose();
    }
}

/// <summary>Both kernels side by side; skips where the machine's is not to be had.</summary>
internal sealed class MapPair : IDisposable
{
    public MapPair()
    {
        if (LinuxKernel.Probe() is { } reason)
            Xunit.Assert.Skip(reason);
        var linux = new LinuxKernel();
        Cpus = linux.Cpus;
        Linux = new DoorSide(linux);
        Ours = new FamilySide(linux.Cpus);
    }

    public int Cpus { get; }
    public IMapSide Linux { get; }
    public IMapSide Ours { get; }

    public void Dispose()
    {
        Linux.Dispose();
        Ours.Dispose();
    }
}
