# WebBpf as a container: docker build -t webbpf . && docker run -p 5080:5080 -v webbpf:/data -e Auth__BootstrapKey=... webbpf
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /src
COPY global.json Directory.Build.props Directory.Packages.props .editorconfig appsettings.json ./
COPY Server/ Server/
COPY Client/ Client/
COPY Shared/ Shared/
COPY Tests/Samples/ Tests/Samples/
RUN dotnet publish Server/Web/WebBpf.Server.csproj -c Release -o /app

FROM mcr.microsoft.com/dotnet/aspnet:10.0
WORKDIR /app
COPY --from=build /app .
RUN mkdir /data && chown app:app /data
USER app
VOLUME /data
EXPOSE 5080
# A binding beyond loopback needs keys; the first administrator's comes by Auth__BootstrapKey.
ENV Urls=http://0.0.0.0:5080 \
    Auth__Mode=ApiKey \
    ConnectionStrings__Bpffs="Data Source=/data/webbpf.db"
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["dotnet", "WebBpf.Server.dll", "--healthcheck"]
ENTRYPOINT ["dotnet", "WebBpf.Server.dll"]
