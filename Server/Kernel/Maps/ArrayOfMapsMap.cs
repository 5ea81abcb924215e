using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Maps;

/// <summary>array_of_maps, as kernel/bpf/arraymap.c, 6.18.</summary>
[BpfMapFamily(BpfMapType.ArrayOfMaps)]
public sealed class ArrayOfMapsFamily : MapFamily
{
    internal static readonly IReadOnlySet<BpfFuncId> Lookup = new HashSet<BpfFuncId> { BpfFuncId.MapLookupElem };
    private static readonly MapTraits Facts = new() { Only = Lookup, HoldsFds = true, HoldsMaps = true, NoBtf = true };

    public override MapTraits Traits(BpfMapType type) => Facts;

    public override int CheckCreate(MapDefinition definition, BpfTask task) => ProgArrayFamily.CheckFds(definition);

    public override int Create(MapDefinition definition, MapContext context, out BpfMap? map)
    {
        map = null;
        int error = InnerMaps.CheckTemplate(definition.InnerMap);
        if (error != 0)
            return error;
        var made = new ArrayOfMapsMap(definition, context);
        map = made.Allocate() ? made : null;
        return map is null ? -Errno.ENOMEM : 0;
    }
}

/// <summary>An array of maps that are all like the template. A program's lookup gives the inner map's address.</summary>
public sealed class ArrayOfMapsMap : FdArrayMap<BpfMap>
{
    public ArrayOfMapsMap(MapDefinition definition, MapContext context)
        : base(definition, context)
    {
        Template.Get();
    }

    /// <summary>What all inner maps are like; the verifier takes its sizes.</summary>
    public BpfMap Template => Definition.InnerMap!;

    public override unsafe ulong Lookup(ulong key, int cpu) => Peek(*(uint*)Memory.Resolve(key))?.Address ?? 0;

    protected override BpfMap? Resolve(IMapFdResolver fds, int fd, out int error) => fds.GetMap(fd, out error);

    protected override int Accept(BpfMap item) => InnerMaps.Fits(Template, item) ? 0 : -Errno.EINVAL;

    protected override void Release()
    {
        base.Release();
        Template.Put();
    }
}
