using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Objects.Journal;
using WebBpf.Kernel.Syscall;
using WebBpf.Kernel.Syscall.Introspection;
using WebBpf.Server.Hosting;

namespace WebBpf.Server.Persistence;

/// <summary>
/// Brings the stored state back into the kernel: BTF, maps (templates first), programs (verified again), elements, directories and pins. What
/// cannot be restored is quarantined: reported, its rows kept with the reason, its id never given out again.
/// </summary>
public sealed class StateRestore(IDbContextFactory<WebBpfDb> database, KernelHost kernels, JournalWriter journal, Readiness readiness, ILogger<StateRestore> logger)
{
    private const int MaxReason = 4000;

    public async Task RunAsync(CancellationToken cancellation)
    {
        await using WebBpfDb db = await database.CreateDbContextAsync(cancellation);
        using (KernelRestore restore = kernels.Emulated.BeginRestore())
        {
            foreach (BtfRow row in await db.Btf.OrderBy(r => r.Id).ToListAsync(cancellation))
                row.Quarantine = Note(restore, DurableKind.Btf, row.Id, $"{row.Id}", restore.Btf(Images.Of(row)));
            Maps(restore, await db.Maps.OrderBy(r => r.Id).ToListAsync(cancellation));
            foreach (ProgramRow row in await db.Programs.OrderBy(r => r.Id).ToListAsync(cancellation))
                row.Quarantine = Note(restore, DurableKind.Prog, row.Id, $"{row.Id} {row.Name}", Program(restore, row));
            await Elements(restore, db, cancellation);
            foreach (BpffsRow row in await db.Bpffs.OrderBy(r => r.Path).ToListAsync(cancellation))
                row.Quarantine = Note(restore, Images.Kind(row.Kind), 0, row.Path, restore.Node(Images.Of(row)));
        }

        await db.SaveChangesAsync(cancellation);
        if (readiness.Quarantine.Count == 0)
            await ForgetUnreached(db, cancellation);
    }

    /// <summary>Maps of maps come after their templates.</summary>
    private void Maps(KernelRestore restore, List<MapRow> rows)
    {
        HashSet<uint> stored = [.. rows.Select(r => r.Id)];
        var done = new HashSet<uint>();
        List<MapRow> waiting = rows;
        while (waiting.Count > 0)
        {
            List<MapRow> ready = [.. waiting.Where(r => r.InnerMapId == 0 || done.Contains(r.InnerMapId) || !stored.Contains(r.InnerMapId))];
            if (ready.Count == 0)
                ready = waiting;
            foreach (MapRow row in ready)
            {
                row.Quarantine = Note(restore, DurableKind.Map, row.Id, $"{row.Id} {row.Name}", restore.Map(Images.Of(row)));
                done.Add(row.Id);
            }

            waiting = [.. waiting.Except(ready)];
        }
    }

    private static RestoreResult Program(KernelRestore restore, ProgramRow row)
    {
        try
        {
            return restore.Program(Images.Of(row));
        }
        catch (JsonException e)
        {
            return new RestoreResult(-Kernel.Uapi.Errno.EINVAL, $"The program's references are damaged: {e.Message}");
        }
    }

    private async Task Elements(KernelRestore restore, WebBpfDb db, CancellationToken cancellation)
    {
        HashSet<uint> missing = [.. db.Maps.Local.Where(m => m.Quarantine is not null).Select(m => m.Id)];
        uint reported = 0;
        await foreach (MapEntryRow row in db.MapEntries.AsNoTracking().OrderBy(e => e.MapId).AsAsyncEnumerable().WithCancellation(cancellation))
        {
            if (missing.Contains(row.MapId))
                continue;
            RestoreResult result = restore.Element(row.MapId, row.Key, row.Value);
            if (result.Restored || reported == row.MapId)
                continue;

            // One report per map: its other elements may have the same trouble.
            reported = row.MapId;
            readiness.Report(new QuarantineItem("map", $"{row.MapId} element {Convert.ToHexStringLower(row.Key)}", result.Reason ?? Kernel.Uapi.Errno.Name(result.Error)));
        }
    }

    /// <summary>Gives the reason that goes into the row: null for what is back.</summary>
    private string? Note(KernelRestore restore, DurableKind kind, uint id, string name, RestoreResult result)
    {
        if (id != 0)
            restore.Reserve(kind, id);
        if (result.Restored)
            return null;
        string reason = result.Reason is { Length: > 0 } said ? said : Kernel.Uapi.Errno.Name(result.Error);
        if (reason.Length > MaxReason)
            reason = reason[^MaxReason..];
        logger.LogError("Not restored, but kept: {Kind} {Name}: {Reason}", Images.Name(kind), name, reason);
        readiness.Report(new QuarantineItem(Images.Name(kind), name, reason));
        return reason;
    }

    /// <summary>A crash in the middle of a pin leaves objects that no pin reaches: they were never acknowledged.</summary>
    private async Task ForgetUnreached(WebBpfDb db, CancellationToken cancellation)
    {
        HashSet<(ObjectKind, uint)> reached = [.. kernels.Emulated.Durability.Reached()];
        foreach (uint id in await db.Programs.Select(r => r.Id).ToListAsync(cancellation))
            Forget(reached, ObjectKind.Prog, DurableKind.Prog, id);
        foreach (uint id in await db.Maps.Select(r => r.Id).ToListAsync(cancellation))
            Forget(reached, ObjectKind.Map, DurableKind.Map, id);
        foreach (uint id in await db.Btf.Select(r => r.Id).ToListAsync(cancellation))
            Forget(reached, ObjectKind.Btf, DurableKind.Btf, id);
        await journal.Flush();
    }

    private void Forget(HashSet<(ObjectKind, uint)> reached, ObjectKind kind, DurableKind stored, uint id)
    {
        if (!reached.Contains((kind, id)))
            _ = journal.Append(new ObjectForgotten(stored, id));
    }
}
