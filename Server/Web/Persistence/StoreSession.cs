using System.Text.Json;
using Microsoft.Data.Sqlite;
using WebBpf.Kernel.Objects.Journal;

namespace WebBpf.Server.Persistence;

/// <summary>
/// Applies changes inside one transaction, with prepared statements on the writer's own connection: a batch of some thousand map
/// entries must not go through change tracking. The schema is that of <see cref="WebBpfDb"/>.
/// </summary>
public sealed class StoreSession(SqliteConnection connection) : IDisposable
{
    private readonly Dictionary<string, SqliteCommand> _prepared = [];

    public void Apply(IReadOnlyList<DurableChange> changes)
    {
        using SqliteTransaction transaction = connection.BeginTransaction(deferred: false);
        foreach (DurableChange change in changes)
            Apply(change, transaction);
        transaction.Commit();
    }

    public void Dispose()
    {
        foreach (SqliteCommand command in _prepared.Values)
            command.Dispose();
    }

    private void Apply(DurableChange change, SqliteTransaction transaction)
    {
        switch (change)
        {
            case MapElementWritten w:
                Run(transaction, """INSERT INTO map_entries ("MapId", "Key", "Value") VALUES ($0, $1, $2) ON CONFLICT DO UPDATE SET "Value" = excluded."Value" """, (long)w.MapId, w.Key, w.Value);
                break;
            case MapElementDeleted d:
                Run(transaction, """DELETE FROM map_entries WHERE "MapId" = $0 AND "Key" = $1""", (long)d.MapId, d.Key);
                break;
            case MapFrozen f:
                Run(transaction, """UPDATE maps SET "Frozen" = 1 WHERE "Id" = $0""", (long)f.MapId);
                break;
            case MapSaved m:
                Save(transaction, m.Map);
                break;
            case ProgramSaved p:
                Save(transaction, p.Program);
                break;
            case BtfSaved b:
                Run(transaction, """INSERT OR REPLACE INTO btf ("Id", "Name", "Raw", "Quarantine") VALUES ($0, $1, $2, NULL)""", (long)b.Btf.Id, b.Btf.Name, b.Btf.Raw);
                break;
            case ObjectForgotten o:
                Forget(transaction, o);
                break;
            case NodeSaved n:
                Save(transaction, n.Node);
                break;
            case NodeRemoved r:
                Run(transaction, """DELETE FROM bpffs WHERE "Path" = $0""", r.Path);
                break;
            case NodeRenamed r:
                Run(transaction, """DELETE FROM bpffs WHERE "Path" = $0""", r.To);
                Run(
                    transaction,
                    """UPDATE bpffs SET "Path" = $1 || substr("Path", length($0) + 1) WHERE "Path" = $0 OR substr("Path", 1, length($0) + 1) = $0 || '/'""",
                    r.From,
                    r.To);
                break;
            default:
                throw new InvalidOperationException($"The store does not know {change.GetType().Name}.");
        }
    }

    private void Save(SqliteTransaction transaction, MapImage row) =>
        Run(
            transaction,
            """
            INSERT OR REPLACE INTO maps ("Id", "Type", "KeySize", "ValueSize", "MaxEntries", "Flags", "Name", "MapExtra", "NumaNode", "IfIndex", "BtfId",
                "BtfKeyTypeId", "BtfValueTypeId", "BtfVmlinuxValueTypeId", "InnerMapId", "Frozen", "Cpus", "Uid", "Quarantine")
            VALUES ($0, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, NULL)
            """,
            (long)row.Id, (long)row.Type, (long)row.KeySize, (long)row.ValueSize, (long)row.MaxEntries, (long)row.Flags, row.Name, unchecked((long)row.MapExtra), (long)row.NumaNode,
            (long)row.IfIndex, (long)row.BtfId, (long)row.BtfKeyTypeId, (long)row.BtfValueTypeId, (long)row.BtfVmlinuxValueTypeId, (long)row.InnerMapId,
            row.Frozen ? 1L : 0L, (long)row.Cpus, (long)row.Uid);

    private void Save(SqliteTransaction transaction, ProgramImage row) =>
        Run(
            transaction,
            """
            INSERT OR REPLACE INTO programs ("Id", "Type", "ExpectedAttachType", "Flags", "AttachBtfId", "Name", "License", "Insns", "References", "BtfId",
                "FuncInfo", "FuncInfoRecSize", "LineInfo", "LineInfoRecSize", "Capabilities", "Uid", "LoadedAt", "Quarantine")
            VALUES ($0, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, NULL)
            """,
            (long)row.Id, (long)row.Type, (long)row.ExpectedAttachType, (long)row.Flags, (long)row.AttachBtfId, row.Name, row.License, row.Insns, JsonSerializer.Serialize(row.References),
            (long)row.BtfId, row.FuncInfo, (long)row.FuncInfoRecSize, row.LineInfo, (long)row.LineInfoRecSize, (long)row.Capabilities, (long)row.Uid, row.LoadedAt);

    private void Save(SqliteTransaction transaction, BpffsNodeImage row) =>
        Run(
            transaction,
            """INSERT OR REPLACE INTO bpffs ("Path", "Kind", "ObjectId", "Mode", "Uid", "Gid", "CreatedAt", "Quarantine") VALUES ($0, $1, $2, $3, $4, $5, $6, NULL)""",
            row.Path, Images.Name(row.Kind), (long)row.ObjectId, (long)row.Mode, (long)row.Uid, (long)row.Gid, row.CreatedAt);

    private void Forget(SqliteTransaction transaction, ObjectForgotten gone)
    {
        switch (gone.Kind)
        {
            case DurableKind.Prog:
                Run(transaction, """DELETE FROM programs WHERE "Id" = $0""", (long)gone.Id);
                break;
            case DurableKind.Btf:
                Run(transaction, """DELETE FROM btf WHERE "Id" = $0""", (long)gone.Id);
                break;
            case DurableKind.Map:
                Run(transaction, """DELETE FROM map_entries WHERE "MapId" = $0""", (long)gone.Id);
                Run(transaction, """DELETE FROM maps WHERE "Id" = $0""", (long)gone.Id);
                break;
            default:
                throw new InvalidOperationException($"The store keeps no {gone.Kind}.");
        }
    }

    private void Run(SqliteTransaction transaction, string sql, params ReadOnlySpan<object?> values)
    {
        if (!_prepared.TryGetValue(sql, out SqliteCommand? command))
        {
            command = connection.CreateCommand();
            command.CommandText = sql;
            for (int i = 0; i < values.Length; i++)
                command.Parameters.Add(new SqliteParameter { ParameterName = $"${i}" });
            _prepared.Add(sql, command);
        }

        command.Transaction = transaction;
        for (int i = 0; i < values.Length; i++)
            command.Parameters[i].Value = values[i] ?? DBNull.Value;
        command.ExecuteNonQuery();
    }
}
