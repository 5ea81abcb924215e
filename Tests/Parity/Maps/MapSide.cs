using WebBpf.Kernel.Syscall;
using WebBpf.Kernel.Uapi;
using WebBpf.Linux;
using WebBpf.Tests.Parity.Syscall;

namespace WebBpf.Tests.Parity.Maps;

/// <summary>One of the two kernels, with the operations on maps that are compared. Maps are named by their order of creation, from 0.</summary>
internal sealed class MapSide : IDisposable
{
    private const int LargestValue = 1 << 16;
    private readonly Caller _caller;
    private readonly List<long> _fds = [];
    private readonly UserBuffer _key;
    private readonly UserBuffer _value;

    public MapSide(IBpfBackend kernel)
    {
        _caller = new Caller(kernel);
        _key = _caller.Memory.Allocate(512);
        _value = _caller.Memory.Allocate(LargestValue);
    }

    /// <param name="inner">Number of the map that serves as template; -1 for none.</param>
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
        int result = (int)_caller.Call(BpfCommand.MapLookupElem, ("map_fd", (ulong)_fds[map]), ("key", Key(key)), ("value", _value.Address), ("flags", flags));
        if (result == 0)
            _value.Span[..value.Length].CopyTo(value);
        return result;
    }

    public int Update(int map, byte[] key, ReadOnlySpan<byte> value, ulong flags)
    {
        key.CopyTo(_key.Span);
        value.CopyTo(_value.Span);
        return (int)_caller.Call(BpfCommand.MapUpdateElem, ("map_fd", (ulong)_fds[map]), ("key", Key(key)), ("value", _value.Address), ("flags", flags));
    }

    public int Delete(int map, byte[] key)
    {
        key.CopyTo(_key.Span);
        return (int)_caller.Call(BpfCommand.MapDeleteElem, ("map_fd", (ulong)_fds[map]), ("key", Key(key)));
    }

    public int Next(int map, byte[]? key, Span<byte> next)
    {
        key?.CopyTo(_key.Span);
        int result = (int)_caller.Call(
            BpfCommand.MapGetNextKey,
            ("map_fd", (ulong)_fds[map]),
            ("key", key is null ? 0 : Key(key)),
            ("next_key", _value.Address));
        if (result == 0)
            _value.Span[..next.Length].CopyTo(next);
        return result;
    }

    /// <summary>Bytes that are written into a map of maps to mean a map.</summary>
    public byte[] Fd(int map) => BitConverter.GetBytes(map < 0 ? map : (int)_fds[map]);

    public void Dispose() => _caller.Dispose();

    /// <summary>The address of the key; 0 for maps without keys.</summary>
    private ulong Key(byte[] key) => key.Length == 0 ? 0 : _key.Address;
}

/// <summary>Both kernels side by side; skips where the machine's is not to be had.</summary>
internal sealed class MapPair : IDisposable
{
    private readonly BpfKernel _kernel;

    public MapPair()
    {
        if (LinuxKernel.Probe() is { } reason)
            Xunit.Assert.Skip(reason);
        var linux = new LinuxKernel();
        Cpus = linux.Cpus;
        Linux = new MapSide(linux);
        _kernel = new BpfKernel(new BpfKernelOptions { Cpus = linux.Cpus });
        Ours = new MapSide(_kernel);
    }

    public int Cpus { get; }
    public MapSide Linux { get; }
    public MapSide Ours { get; }

    public void Dispose()
    {
        Linux.Dispose();
        Ours.Dispose();
        _kernel.Dispose();
    }
}
