using WebBpf.Kernel.Maps;
using WebBpf.Kernel.Programs;

namespace WebBpf.Kernel.Objects.Journal;

/// <summary>Objects as they are stored.</summary>
internal static class ObjectImages
{
    public static MapImage Of(BpfMap map)
    {
        MapDefinition d = map.Definition;
        return new MapImage(map.Id, d.Type, d.KeySize, d.ValueSize, d.MaxEntries)
        {
            Flags = d.Flags,
            Name = d.Name,
            MapExtra = d.MapExtra,
            NumaNode = d.NumaNode,
            IfIndex = d.IfIndex,
            BtfId = d.Btf?.Id ?? 0,
            BtfKeyTypeId = d.BtfKeyTypeId,
            BtfValueTypeId = d.BtfValueTypeId,
            BtfVmlinuxValueTypeId = d.BtfVmlinuxValueTypeId,
            InnerMapId = d.InnerMap?.Id ?? 0,
            Frozen = map.Frozen,
            Cpus = map.Context.Cpus,
            Uid = map.CreatedByUid,
        };
    }

    public static ProgramImage Of(BpfProgram program)
    {
        ProgramSource source = program.Source;
        byte[] insns = System.Runtime.InteropServices.MemoryMarshal.AsBytes(program.LoadedInsns.AsSpan()).ToArray();
        foreach (ProgramReference reference in source.References)
            insns.AsSpan(reference.Instruction * 8 + 4, 4).Clear();
        return new ProgramImage(program.Id, program.Type, program.Name, insns)
        {
            ExpectedAttachType = program.Facts.ExpectedAttachType,
            Flags = program.Facts.Flags,
            AttachBtfId = program.Facts.AttachBtfId,
            License = program.License,
            References = source.References,
            BtfId = program.Btf?.Id ?? 0,
            FuncInfo = source.FuncInfo,
            FuncInfoRecSize = source.FuncInfoRecSize,
            LineInfo = source.LineInfo,
            LineInfoRecSize = source.LineInfoRecSize,
            Capabilities = source.Capabilities,
            Uid = program.CreatedByUid,
            LoadedAt = program.LoadedAt,
        };
    }
}
