using WebBpf.Kernel.Btf;
using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Maps;
using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Objects.Journal;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier;

namespace WebBpf.Kernel.Syscall;

/// <summary>
/// What one load sees of the descriptors. A number means the same object throughout the load, whatever its task does meanwhile; the objects are held
/// until the load is over.
/// </summary>
internal sealed class LoadEnvironment(BpfKernel kernel, FdTable fds) : IVerifierEnvironment, IDisposable
{
    private const int PseudoMapFd = 1;
    private const int PseudoMapValue = 2;
    private const int PseudoMapIndex = 5;
    private const int PseudoMapIndexValue = 6;

    private readonly Dictionary<int, (KernelObject? Object, int Error)> _seen = [];

    public BtfObject? VmlinuxBtf => kernel.VmlinuxBtf;

    public int Cpus => kernel.Options.Cpus;

    public BpfMap? GetMap(int fd, out int error) => Get<BpfMap>(fd, out error);

    public BtfObject? GetBtf(int fd, out int error) => Get<BtfObject>(fd, out error);

    /// <summary>The maps among the first <paramref name="count"/> of fd_array, each with a reference; EBADF, EINVAL, negated, for what is neither map nor BTF (process_fd_array).</summary>
    public int BoundMaps(int[] fdArray, uint count, List<BpfMap> maps)
    {
        for (int i = 0; i < count; i++)
        {
            if (GetMap(fdArray[i], out int error) is { } map)
            {
                if (maps.Contains(map))
                    map.Put();
                else
                    maps.Add(map);
                continue;
            }

            if (GetBtf(fdArray[i], out _) is not { } btf)
                return error;
            btf.Put();
        }

        return 0;
    }

    /// <summary>The maps that instructions mean, by id, so that the program can be loaded again.</summary>
    public List<ProgramReference> References(ReadOnlySpan<Insn> insns, int[]? fdArray)
    {
        var references = new List<ProgramReference>();
        for (int i = 0; i + 1 < insns.Length; i++)
        {
            if (!insns[i].IsLdImm64)
                continue;
            int? fd = insns[i].Src switch
            {
                PseudoMapFd or PseudoMapValue => insns[i].Imm,
                PseudoMapIndex or PseudoMapIndexValue when fdArray is not null && (uint)insns[i].Imm < (uint)fdArray.Length => fdArray[insns[i].Imm],
                _ => null,
            };
            if (fd is { } number && _seen.TryGetValue(number, out (KernelObject? Object, int Error) known) && known.Object is BpfMap map)
                references.Add(new ProgramReference(i, DurableKind.Map, map.Id));
            i++;
        }

        return references;
    }

    public void Dispose()
    {
        foreach ((KernelObject? held, _) in _seen.Values)
            held?.Put();
        _seen.Clear();
    }

    private T? Get<T>(int fd, out int error)
        where T : KernelObject
    {
        if (!_seen.TryGetValue(fd, out (KernelObject? Object, int Error) known))
        {
            known.Object = fds.Get(fd);
            known.Error = known.Object is null && !FdTable.IsStdio(fd) ? -Errno.EBADF : -Errno.EINVAL;
            _seen.Add(fd, known);
        }

        error = known.Error;
        if (known.Object is not T found)
            return null;
        found.Get();
        error = 0;
        return found;
    }
}
