using WebBpf.Kernel.Execution;
using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Programs;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier;

namespace WebBpf.Kernel.Maps;

/// <summary>prog_array, as kernel/bpf/arraymap.c, 6.18: the targets of tail calls.</summary>
[BpfMapFamily(BpfMapType.ProgArray)]
public sealed class ProgArrayFamily : MapFamily
{
    private static readonly IReadOnlySet<BpfFuncId> TailCall = new HashSet<BpfFuncId> { BpfFuncId.TailCall };
    private static readonly MapTraits Facts = new() { Only = TailCall, Own = TailCall, HoldsFds = true, NeverInner = true };

    public override MapTraits Traits(BpfMapType type) => Facts;

    public override int CheckCreate(MapDefinition definition, BpfTask task) => CheckFds(definition);

    public override int Create(MapDefinition definition, MapContext context, out BpfMap? map)
    {
        var made = new ProgArrayMap(definition, context);
        map = made.Allocate() ? made : null;
        return map is null ? -Errno.ENOMEM : 0;
    }

    /// <summary>fd_array_map_alloc_check: for all index maps of objects.</summary>
    internal static int CheckFds(MapDefinition definition)
    {
        if (definition.ValueSize != 4 || (definition.Flags & (MapFlags.RdonlyProg | MapFlags.WronlyProg)) != 0)
            return -Errno.EINVAL;
        return ArrayFamily.Check(definition);
    }
}

/// <summary>
/// An array of programs that can follow each other in tail calls. The first program that uses the map or is put into it decides what kind they are.
/// </summary>
public sealed class ProgArrayMap(MapDefinition definition, MapContext context) : FdArrayMap<BpfProgram>(definition, context), IProgramTable
{
    public BpfProgram? ProgramAt(uint index) => Peek(index);

    private readonly Lock _ownerLock = new();
    private ProgramFacts? _owner;

    /// <summary>The kind of program this map is bound to; null while it is not.</summary>
    public ProgramFacts? Owner => _owner;

    /// <summary>
    /// bpf_prog_map_compatible: binds the map to the program's kind where it has none yet; false (EINVAL) where it is bound to another. Also asked at load
    /// for each program array that a program uses.
    /// </summary>
    public bool IsCompatible(ProgramFacts program)
    {
        const uint xdpHasFrags = 1 << 5, sleepable = 1 << 4;
        lock (_ownerLock)
        {
            _owner ??= program;
            return _owner.Type.Type == program.Type.Type
                && ((_owner.Flags ^ program.Flags) & (xdpHasFrags | sleepable)) == 0
                && (_owner.Type.Type is not (BpfProgType.Tracing or BpfProgType.Lsm or BpfProgType.Ext or BpfProgType.StructOps)
                    || _owner.AttachBtfId == program.AttachBtfId);
        }
    }

    protected override BpfProgram? Resolve(IMapFdResolver fds, int fd, out int error) => fds.GetProgram(fd, out error);

    protected override int Accept(BpfProgram item) =>
        item.Type == BpfProgType.Ext || !IsCompatible(item.Facts) ? -Errno.EINVAL : 0;
}
