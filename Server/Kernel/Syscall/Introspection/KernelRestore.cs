using WebBpf.Kernel.Btf;
using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Maps;
using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Objects.Journal;
using WebBpf.Kernel.Programs;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier;

namespace WebBpf.Kernel.Syscall.Introspection;

/// <summary>What one restored object came to.</summary>
/// <param name="Error">0, or a negative errno.</param>
/// <param name="Reason">Why not, in words; for programs the verifier's log.</param>
public readonly record struct RestoreResult(int Error, string? Reason = null)
{
    public bool Restored => Error == 0;
}

/// <summary>
/// Brings objects back under their ids after a restart, before the kernel serves anybody: BTF, then maps (templates of maps of maps first),
/// then programs (verified again), then elements, then directories and pins from the root down. Nothing is written to the journal. Whatever no pin
/// reaches in the end is gone with <see cref="Dispose"/>.
/// </summary>
public sealed class KernelRestore : IDisposable
{
    private readonly BpfKernel _kernel;
    private readonly List<KernelObject> _held = [];

    internal KernelRestore(BpfKernel kernel) => _kernel = kernel;

    public RestoreResult Btf(BtfImage image)
    {
        int error = BtfObject.TryParse(image.Raw, null, out BtfObject? btf);
        if (error != 0)
            return new RestoreResult(error, "The BTF is damaged.");
        return Keep(btf!, _kernel.Btfs.Publish(btf!, image.Id));
    }

    public RestoreResult Map(MapImage image)
    {
        if (MapRegistry.Find(image.Type) is not { } family)
            return new RestoreResult(-Errno.EOPNOTSUPP, $"not implemented: map type {UapiName.Of(image.Type)}");
        BtfObject? btf = image.BtfId == 0 ? null : _kernel.Btfs.Find(image.BtfId);
        if (image.BtfId != 0 && btf is null)
            return new RestoreResult(-Errno.ENOENT, $"BTF {image.BtfId} is missing.");
        BpfMap? inner = image.InnerMapId == 0 ? null : _kernel.Maps.Find(image.InnerMapId);
        try
        {
            if (image.InnerMapId != 0 && inner is null)
                return new RestoreResult(-Errno.ENOENT, $"The template map {image.InnerMapId} is missing.");
            var definition = new MapDefinition(image.Type, image.KeySize, image.ValueSize, image.MaxEntries)
            {
                Flags = image.Flags,
                Name = image.Name,
                MapExtra = image.MapExtra,
                NumaNode = image.NumaNode,
                IfIndex = image.IfIndex,
                InnerMap = inner,
                Btf = btf,
                BtfKeyTypeId = image.BtfKeyTypeId,
                BtfValueTypeId = image.BtfValueTypeId,
                BtfVmlinuxValueTypeId = image.BtfVmlinuxValueTypeId,
            };
            int error = family.Create(definition, _kernel.MapContext, out BpfMap? map);
            if (error != 0)
                return new RestoreResult(error, "The map cannot be made.");
            btf = null;
            map!.Frozen = image.Frozen;
            map.CreatedByUid = image.Uid;
            map.Released += _kernel.Events.MapFreed;
            return Keep(map, _kernel.Maps.Publish(map, image.Id));
        }
        finally
        {
            btf?.Put();
            inner?.Put();
        }
    }

    /// <summary>One element. Per-CPU values of another number of CPUs are folded: see <see cref="PerCpuFold"/>.</summary>
    /// <param name="mapId">The map.</param>
    /// <param name="key">The key.</param>
    /// <param name="value">As it was stored.</param>
    public RestoreResult Element(uint mapId, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (_kernel.Maps.Find(mapId) is not { } map)
            return new RestoreResult(-Errno.ENOENT, $"Map {mapId} is missing.");
        try
        {
            if (key.Length != map.KeySize)
                return new RestoreResult(-Errno.EINVAL, "The key has the wrong length.");
            MapTraits traits = MapRegistry.Traits(map.Type)!;
            if (traits.HoldsFds)
                return Held(map, key, value);
            byte[]? folded = traits.PerCpu ? PerCpuFold.To(value, map.ValueSize, map.Context.Cpus) : value.ToArray();
            if (folded is null || folded.Length != map.UserValueSize)
                return new RestoreResult(-Errno.EINVAL, "The value has the wrong length.");
            return new RestoreResult(map.UpdateElem(key, folded, UapiFlags.BPF_ANY));
        }
        finally
        {
            map.Put();
        }
    }

    /// <summary>A program, judged by the verifier again with the capabilities of its loader.</summary>
    public RestoreResult Program(ProgramImage image)
    {
        if (ProgramTypeRegistry.Find(image.Type) is not { } type)
            return new RestoreResult(-Errno.EOPNOTSUPP, $"not implemented: program type {UapiName.Of(image.Type)}");
        if (image.Insns.Length == 0 || image.Insns.Length % Insn.Size != 0)
            return new RestoreResult(-Errno.EINVAL, "The instructions are damaged.");
        BtfObject? btf = image.BtfId == 0 ? null : _kernel.Btfs.Find(image.BtfId);
        var fds = new FdTable();
        try
        {
            if (image.BtfId != 0 && btf is null)
                return new RestoreResult(-Errno.ENOENT, $"BTF {image.BtfId} is missing.");
            Insn[] insns = Insn.FromBytes(image.Insns);
            if (Bind(image, insns, fds, out int[]? fdArray) is { } missing)
                return new RestoreResult(-Errno.ENOENT, missing);
            return Verify(image, type, insns, btf, fds, fdArray);
        }
        finally
        {
            fds.CloseAll();
            btf?.Put();
        }
    }

    /// <summary>A directory or a pin of the bpffs.</summary>
    public RestoreResult Node(BpffsNodeImage image)
    {
        KernelObject? pinned = image.Kind switch
        {
            DurableKind.Prog => _kernel.Programs.Find(image.ObjectId),
            DurableKind.Map => _kernel.Maps.Find(image.ObjectId),
            DurableKind.Link => _kernel.Links.Find(image.ObjectId),
            _ => null,
        };
        if (pinned is null && image.Kind != DurableKind.Dir)
            return new RestoreResult(-Errno.ENOENT, $"The pinned object {image.ObjectId} is missing.");
        bool made = _kernel.Fs.Restore(image, pinned);
        pinned?.Put();
        return made ? default : new RestoreResult(-Errno.EEXIST, "The directory above is missing, or the path is taken.");
    }

    /// <summary>Keeps ids of objects that did not come back from being given to new ones.</summary>
    public void Reserve(DurableKind kind, uint id)
    {
        switch (kind)
        {
            case DurableKind.Prog:
                _kernel.Programs.Reserve(id);
                break;
            case DurableKind.Map:
                _kernel.Maps.Reserve(id);
                break;
            case DurableKind.Btf:
                _kernel.Btfs.Reserve(id);
                break;
            case DurableKind.Link:
                _kernel.Links.Reserve(id);
                break;
        }
    }

    /// <summary>Ends the restore: from here on pins alone hold what came back.</summary>
    public void Dispose()
    {
        foreach (KernelObject one in _held)
            one.Put();
        _held.Clear();
    }

    private RestoreResult Verify(ProgramImage image, ProgramTypeInfo type, Insn[] insns, BtfObject? btf, FdTable fds, int[]? fdArray)
    {
        var log = new VerifierLog(VerifierLog.Level1);
        using var environment = new LoadEnvironment(_kernel, fds);
        var loader = new BpfTask { Pid = 0, Uid = image.Uid, Capabilities = image.Capabilities };
        var request = new ProgramRequest(
            new ProgramFacts
            {
                Type = type,
                ExpectedAttachType = image.ExpectedAttachType,
                Flags = image.Flags,
                Name = image.Name,
                GplCompatible = License.IsGplCompatible(image.License),
                AttachBtfId = image.AttachBtfId,
                BpfCapable = loader.BpfCapable,
                PerfmonCapable = loader.PerfmonCapable,
                NetAdminCapable = loader.NetAdminCapable,
            },
            insns,
            image.License,
            environment)
        {
            Btf = btf,
            Source = new ProgramSource
            {
                FuncInfo = image.FuncInfo,
                FuncInfoRecSize = image.FuncInfoRecSize,
                LineInfo = image.LineInfo,
                LineInfoRecSize = image.LineInfoRecSize,
                Capabilities = image.Capabilities,
            },
            FuncInfoCount = Count(image.FuncInfo, image.FuncInfoRecSize),
            LineInfoCount = Count(image.LineInfo, image.LineInfoRecSize),
            FdArray = fdArray,
            Uid = image.Uid,
            LoadedAt = image.LoadedAt,
        };
        int error = ProgramLoader.Load(request, log, _kernel, out BpfProgram? program, out string? gap);
        if (error != 0)
            return new RestoreResult(error, gap is null ? log.ToString() : $"not implemented: {gap}");
        RestoreResult kept = Keep(program!, _kernel.Programs.Publish(program!, image.Id));
        if (kept.Restored)
            ProgramLoader.Announce(program!, _kernel, null);
        return kept;
    }

    // Gives the program's maps descriptors of a table made for it, and puts these into the instructions.
    private string? Bind(ProgramImage image, Insn[] insns, FdTable fds, out int[]? fdArray)
    {
        fdArray = null;
        var byId = new Dictionary<uint, int>();
        foreach (ProgramReference reference in image.References)
        {
            if (reference.Kind != DurableKind.Map || (uint)reference.Instruction >= (uint)insns.Length)
                return $"The reference at instruction {reference.Instruction} is damaged.";
            if (!byId.TryGetValue(reference.Id, out int fd))
            {
                if (_kernel.Maps.Find(reference.Id) is not { } map)
                    return $"Map {reference.Id} is missing.";
                fd = fds.Install(map);
                byId.Add(reference.Id, fd);
            }

            Insn insn = insns[reference.Instruction];
            bool byIndex = insn.Src is 5 or 6;
            if (byIndex)
            {
                // The index itself was blanked with the descriptors: any free place will do.
                fdArray = [.. fdArray ?? [], fd];
                insns[reference.Instruction] = insn with { Imm = fdArray.Length - 1 };
            }
            else
            {
                insns[reference.Instruction] = insn with { Imm = fd };
            }
        }

        return null;
    }

    private RestoreResult Held(BpfMap map, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (value.Length < 4)
            return new RestoreResult(-Errno.EINVAL, "The value has the wrong length.");
        uint id = BitConverter.ToUInt32(value);
        KernelObject? one = map.Type == BpfMapType.ProgArray ? _kernel.Programs.Find(id) : _kernel.Maps.Find(id);
        if (one is null)
            return new RestoreResult(-Errno.ENOENT, $"The element's object {id} is missing.");
        var task = new BpfTask { Pid = 0 };
        int fd = task.Fds.Install(one);
        int error = map.UpdateElem(key, BitConverter.GetBytes(fd), UapiFlags.BPF_ANY, new MapCaller(null, new Commands.TaskFds(task.Fds)));
        task.Fds.CloseAll();
        return new RestoreResult(error);
    }

    private RestoreResult Keep(KernelObject one, bool published)
    {
        if (!published)
        {
            one.Put();
            return new RestoreResult(-Errno.EEXIST, "The id is taken.");
        }

        _held.Add(one);
        return default;
    }

    private static uint Count(byte[] records, uint size) => size == 0 ? 0 : (uint)records.Length / size;
}
